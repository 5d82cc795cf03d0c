import { addAbortSignal, type Readable } from "node:stream";
import { PodwireError } from "@podwire/core/cni";
import { protocol } from "@podwire/core/rpc";

/** Standard input as far as it came. */
export interface StandardInput {
  readonly bytes: Uint8Array;
  /** Why it is not all of it. */
  readonly failure?: PodwireError;
}

export interface ReadLimits {
  readonly deadlineMs: number;
  /** Aborted when the deadline is over. */
  readonly signal: AbortSignal;
}

/** Reads to the end: at most `maxStdinBytes`, and not for ever when nobody closes the other end. */
export async function readStandardInput(stream: Readable, limits: ReadLimits): Promise<StandardInput> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of addAbortSignal(limits.signal, stream) as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > protocol.maxStdinBytes) return { bytes: Buffer.concat(chunks), failure: tooLarge() };
    }
    return { bytes: Buffer.concat(chunks) };
  } catch (error) {
    return { bytes: Buffer.concat(chunks), failure: limits.signal.aborted ? late(limits.deadlineMs) : broken(error) };
  }
}

function tooLarge(): PodwireError {
  return new PodwireError("DECODING_FAILURE", `standard input is larger than ${protocol.maxStdinBytes} bytes`);
}

function late(deadlineMs: number): PodwireError {
  return new PodwireError("IO_FAILURE", `standard input did not end within ${deadlineMs} ms`);
}

function broken(error: unknown): PodwireError {
  const details = error instanceof Error && "code" in error ? `read failed with ${error.code}` : String(error);
  return new PodwireError("IO_FAILURE", "standard input cannot be read", { details });
}
