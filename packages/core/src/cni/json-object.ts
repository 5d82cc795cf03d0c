import { PodwireError, quoteValue } from "../errors/podwire-error.ts";
import { protocol } from "../rpc/protocol.ts";
import { decodeUtf8, isWellFormedUtf8 } from "../runtime/utf8.ts";
import { byteOf, closingQuote, nestingStep } from "./json-bytes.ts";

/** Deeper than any network configuration, and far from the depth at which JSON.stringify runs out of stack. */
const maxNesting = 64;

/**
 * Standard input as a JSON object. A byte order mark is dropped; of a key given twice the last value counts, as in Go.
 * Keys are only data: `__proto__` is an own property like any other.
 * @throws DECODING_FAILURE saying what it is instead
 */
export function decodeJsonObject(stdin: Uint8Array): object {
  if (stdin.length === 0) throw undecodable("is empty");
  if (stdin.length > protocol.maxStdinBytes) {
    throw undecodable(`has ${stdin.length} bytes, at most ${protocol.maxStdinBytes} are possible`);
  }
  if (!isWellFormedUtf8(stdin)) throw undecodable("is not UTF-8");
  if (isNestedTooDeep(stdin)) throw undecodable(`is nested deeper than ${maxNesting} levels`);
  const value = parseJson(decodeUtf8(stdin));
  if (isJsonObject(value)) return value;
  throw undecodable(`is ${Array.isArray(value) ? "a list" : quoteValue(value)} where an object is expected`);
}

export function isJsonObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw undecodable("is not JSON", { cause, details: quoteValue(reason) });
  }
}

function isNestedTooDeep(bytes: Uint8Array): boolean {
  let depth = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === byteOf.quote) {
      at = closingQuote(bytes, at, bytes.length);
      if (at < 0) return false;
    }
    depth += nestingStep(bytes[at]);
    if (depth > maxNesting) return true;
  }
  return false;
}

function undecodable(problem: string, facts: { readonly cause?: unknown; readonly details?: string } = {}) {
  return new PodwireError("DECODING_FAILURE", `standard input ${problem}`, { field: "standard input", ...facts });
}
