import { execFile } from "node:child_process";
import { type CancelSignal, PodwireError, protocol, quoteValue } from "@podwire/core";
import { statusInput } from "./network-config.ts";

export interface StatusQuestion {
  /** The client as it was installed. */
  readonly client: string;
  readonly network: string;
  /** Empty or absent: the usual one. */
  readonly runDirectory?: string | undefined;
}

/** Longer than the client waits for the daemon. */
const killAfterMs = protocol.minDeadlineMs + 2 * protocol.deadlineMarginMs;

/**
 * Asks STATUS as a container runtime does.
 * @returns undefined when an ADD can be served, else why not; an abort ends the client
 * @throws HOST_UNFIT when the client cannot be run
 */
export function askStatus(question: StatusQuestion, signal: CancelSignal): Promise<string | undefined> {
  const { client, network, runDirectory } = question;
  const env = {
    CNI_COMMAND: "STATUS",
    PODWIRE_DEADLINE_MS: String(protocol.minDeadlineMs),
    ...(runDirectory === undefined ? {} : { PODWIRE_RUN_DIR: runDirectory }),
  };
  return new Promise((resolve, reject) => {
    const child = execFile(client, [], { env, timeout: killAfterMs, killSignal: "SIGKILL" }, (error, stdout) => {
      signal.removeEventListener("abort", kill);
      if (error === null) resolve(undefined);
      else if (typeof error.code === "string") reject(notRunnable(client, error));
      else resolve(reasonIn(stdout) ?? `the client gave no answer (${error.message.split("\n", 1)})`);
    });
    const kill = () => void child.kill("SIGKILL");
    signal.addEventListener("abort", kill, { once: true });
    // A client may answer without having read everything.
    child.stdin?.on("error", () => {}).end(statusInput(network));
  });
}

function notRunnable(client: string, cause: Error): PodwireError {
  return new PodwireError("HOST_UNFIT", `the client ${quoteValue(client)} cannot be run`, {
    details: cause.message,
    cause,
  });
}

/** A CNI error object as one line. */
function reasonIn(stdout: string): string | undefined {
  try {
    const { code, msg, details } = JSON.parse(stdout) as { code?: number; msg?: string; details?: string };
    return msg === undefined ? undefined : `${code} ${msg}${details === undefined ? "" : ` (${details})`}`;
  } catch {
    return undefined;
  }
}
