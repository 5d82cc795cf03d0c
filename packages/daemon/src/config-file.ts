import { readFileSync, statSync } from "node:fs";
import { applyOverrides, type Config, errorFrom, PodwireError, parseConfig, quoteValue } from "@podwire/core";
import { parse } from "yaml";

export type Environment = Readonly<Record<string, string | undefined>>;

const defaultPath = "/etc/podwire/config.yaml";
const maxConfigBytes = 1024 * 1024;

/**
 * The configuration of this process: the file that PODWIRE_CONFIG names (or the usual one, which may be absent), with
 * the other PODWIRE_… variables over it.
 * @throws INVALID_DAEMON_CONFIG naming the file, and in it the key and the value
 */
export function readConfig(environment: Environment, usualPath = defaultPath): Config {
  const named = environment["PODWIRE_CONFIG"];
  const path = named === undefined || named === "" ? usualPath : named;
  const text = readText(path, path === named);
  const fromFile = blaming(path, () => parse(text) as unknown);
  const overridden = applyOverrides(fromFile ?? {}, environment);
  return blaming(path, () => parseConfig(overridden));
}

function blaming<Result>(path: string, act: () => Result): Result {
  try {
    return act();
  } catch (cause) {
    throw new PodwireError("INVALID_DAEMON_CONFIG", `${path}: ${firstLine(errorFrom(cause).message)}`, { cause });
  }
}

function readText(path: string, mustExist: boolean): string {
  try {
    if (statSync(path).size > maxConfigBytes) throw new Error(`is larger than ${maxConfigBytes} bytes`);
    return readFileSync(path, "utf8");
  } catch (cause) {
    const absent = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    if (absent && !mustExist) return "";
    const message = `the configuration ${quoteValue(path)} cannot be read`;
    throw new PodwireError("INVALID_DAEMON_CONFIG", message, { details: errorFrom(cause).message, cause });
  }
}

/** The parser of YAML draws the line and an arrow below its message. */
function firstLine(message: string): string {
  return message.split("\n", 1).join().replace(/:$/, "");
}
