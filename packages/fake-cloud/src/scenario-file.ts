import { readFileSync, statSync } from "node:fs";
import { errorFrom, PodwireError, quoteValue } from "@podwire/core";

const maxScenarioBytes = 16 * 1024 * 1024;

/**
 * The JSON of a file; what it means is for the fake cloud to judge.
 * @throws INVALID_DAEMON_CONFIG naming the file
 */
export function readScenario(path: string): unknown {
  try {
    if (statSync(path).size > maxScenarioBytes) throw new Error(`it is larger than ${maxScenarioBytes} bytes`);
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    const message = `the scenario ${quoteValue(path)} cannot be read as JSON`;
    throw new PodwireError("INVALID_DAEMON_CONFIG", message, { details: errorFrom(cause).message, cause });
  }
}
