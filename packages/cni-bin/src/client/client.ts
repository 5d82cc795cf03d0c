import { rmSync } from "node:fs";
import type { Readable } from "node:stream";
import {
  answerVersion,
  type CniVerb,
  errorCodes,
  errorFrom,
  formatErrorResult,
  newestVersion,
  PodwireError,
  scanCniVersion,
} from "@podwire/core/cni";
import { encodeFrame, protocol } from "@podwire/core/rpc";
import { type Call, type Environment, giveUpMs, parseCall } from "./call.ts";
import { type Exchange, exchangeFrame, socketPath } from "./exchange.ts";
import { spoolFrame } from "./spool-entry.ts";
import { readStandardInput } from "./standard-input.ts";

export interface ClientInput {
  readonly environment: Environment;
  readonly stdin: Readable;
  /** CLOCK_MONOTONIC, now. */
  readonly startedMs: number;
}

/** What the process prints on standard output, and how it ends. */
export interface ClientOutput {
  readonly stdout: string | Uint8Array;
  readonly exitCode: 0 | 1;
}

/** One run of the CNI plugin: decides nothing, forwards everything. The C client does the same, byte for byte. */
export async function runClient(input: ClientInput): Promise<ClientOutput> {
  let stdin: Uint8Array = new Uint8Array();
  try {
    const call = parseCall(input.environment, input.startedMs);
    const signal = AbortSignal.timeout(Math.ceil(giveUpMs(call) - input.startedMs));
    const read = await readStandardInput(input.stdin, { deadlineMs: call.deadlineMs, signal });
    stdin = read.bytes;
    // A VERSION must not need its standard input: what came of it is enough.
    if (call.verb === "VERSION") return { stdout: answerVersion(stdin), exitCode: 0 };
    if (read.failure !== undefined) throw read.failure;
    return await forward(call, stdin, signal);
  } catch (error) {
    return { stdout: formatErrorResult(errorFrom(error), scanCniVersion(stdin) ?? newestVersion), exitCode: 1 };
  }
}

async function forward(call: Call, stdin: Uint8Array, signal: AbortSignal): Promise<ClientOutput> {
  const frame = encodeFrame({
    deadlineMs: call.deadlineMs,
    madeMs: call.madeMs,
    environment: call.variables,
    stdin,
  });
  const exchange = await exchangeFrame(call, frame, signal);
  if (call.verb !== "DEL" || exchange.kind !== "unreachable") return outputOf(call, exchange);
  const entry = spoolFrame(call, frame);
  // A daemon may have started, and read the spool, between the first attempt and the entry.
  const again = await exchangeFrame(call, frame, signal);
  if (again.kind === "answered" && again.answer.status === protocol.okStatus) rmSync(entry, { force: true });
  return { stdout: "", exitCode: 0 };
}

/** @throws PodwireError when the daemon gave no answer of its own */
function outputOf(call: Call, exchange: Exchange): ClientOutput {
  switch (exchange.kind) {
    case "answered": {
      const { status, body } = exchange.answer;
      if (status === protocol.okStatus) return { stdout: body, exitCode: 0 };
      if (status === protocol.cniErrorStatus) return { stdout: body, exitCode: 1 };
      throw brokenAnswer(`HTTP status ${status}`);
    }
    case "unreachable": {
      const message = `podwired does not answer on ${socketPath(call)}`;
      throw asSeenBy(call.verb, new PodwireError("DAEMON_UNREACHABLE", message, { details: exchange.reason }));
    }
    case "late": {
      const message = `podwired did not answer within ${call.deadlineMs} ms`;
      throw asSeenBy(call.verb, new PodwireError("DEADLINE_EXCEEDED", message));
    }
    case "broken":
      throw brokenAnswer(exchange.reason);
  }
}

/** STATUS has a code of its own for "an ADD could not be served". */
function asSeenBy(verb: CniVerb, error: PodwireError): PodwireError {
  if (verb !== "STATUS") return error;
  const parts = [error.code, error.details, errorCodes[error.code].remedy];
  return new PodwireError("NOT_READY", error.message, {
    details: parts.filter((part) => part !== undefined).join(": "),
  });
}

function brokenAnswer(details: string): PodwireError {
  return new PodwireError("IO_FAILURE", "podwired's answer is broken", { details });
}
