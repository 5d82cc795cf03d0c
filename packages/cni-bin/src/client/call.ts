import { type CniVerb, cniVerbs, isCniVerb, PodwireError } from "@podwire/core/cni";
import { protocol } from "@podwire/core/rpc";
import { limits } from "./limits.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment says about one run of the client. */
export interface Call {
  readonly verb: CniVerb;
  readonly runDirectory: string;
  /** CLOCK_MONOTONIC at the start of the client. */
  readonly madeMs: number;
  /** What the daemon is told; counts from `madeMs`. */
  readonly deadlineMs: number;
  /** Every CNI_… variable: all the daemon gets to see of the environment. */
  readonly variables: ReadonlyMap<string, string>;
}

const { minDeadlineMs, maxDeadlineMs } = protocol;
const { maxRunDirectoryBytes } = limits;

/** @throws INVALID_ENVIRONMENT */
export function parseCall(environment: Environment, madeMs: number): Call {
  const verb = parseVerb(environment["CNI_COMMAND"]);
  const runDirectory = parseRunDirectory(environment["PODWIRE_RUN_DIR"]);
  const deadlineMs = parseDeadline(environment["PODWIRE_DEADLINE_MS"]);
  const variables = new Map<string, string>();
  let bytes = 0;
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith("CNI_") || value === undefined) continue;
    variables.set(name, value);
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + 2;
  }
  const maxBytes = protocol.maxFrameBytes - protocol.maxStdinBytes - 64;
  if (bytes > maxBytes) throw invalid(`the CNI_ variables are larger than ${maxBytes} bytes`);
  return { verb, runDirectory, madeMs, deadlineMs, variables };
}

/** When the client gives up, in the time of `madeMs`: right after the daemon should have answered. */
export function giveUpMs(call: Call): number {
  return call.madeMs + call.deadlineMs + protocol.deadlineMarginMs;
}

function parseVerb(text = ""): CniVerb {
  if (isCniVerb(text)) return text;
  const problem = text === "" ? "is missing" : `${quoted(text)} is not a verb`;
  throw invalid(`CNI_COMMAND ${problem}; known are ${cniVerbs.join(", ")}`);
}

function parseRunDirectory(text = ""): string {
  if (text === "") return protocol.defaultRunDirectory;
  if (text.startsWith("/") && Buffer.byteLength(text) <= maxRunDirectoryBytes) return text;
  throw invalid(`PODWIRE_RUN_DIR ${quoted(text)} is not an absolute path of at most ${maxRunDirectoryBytes} bytes`);
}

function parseDeadline(text = ""): number {
  if (text === "") return protocol.defaultDeadlineMs;
  const deadlineMs = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (deadlineMs >= minDeadlineMs && deadlineMs <= maxDeadlineMs) return deadlineMs;
  throw invalid(
    `PODWIRE_DEADLINE_MS ${quoted(text)} is not a number of milliseconds from ${minDeadlineMs} to ${maxDeadlineMs}`,
  );
}

/**
 * A value of anybody's making, fit for a message: what is not plain ASCII is a question mark. As the C client does
 * it.
 */
function quoted(text: string): string {
  const plain = Buffer.from(text)
    .toString("latin1")
    .replace(/[^ !#-[\]-~]/g, "?");
  return `"${plain.length > 64 ? `${plain.slice(0, 61)}...` : plain}"`;
}

function invalid(message: string): PodwireError {
  return new PodwireError("INVALID_ENVIRONMENT", message);
}
