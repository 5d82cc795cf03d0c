import { PodwireError } from "../errors/podwire-error.ts";
import { decodeUtf8, encodeUtf8 } from "../runtime/utf8.ts";

/**
 * One CNI request as the client forwards it, byte for byte, so that the client needs no JSON:
 *
 *     podwire-cni/1 <deadlineMs> <madeMs>\n
 *     CNI_COMMAND=ADD\0 CNI_CONTAINERID=…\0 … \0 \0      (every variable that starts with CNI_, each ended by a zero
 *     <standard input, as it came, to the end>            byte; an empty one ends the list)
 *
 * The same bytes are a spool entry.
 */
export interface Frame {
  /** How long the client waits, in milliseconds from `madeMs`. */
  readonly deadlineMs: number;
  /** CLOCK_MONOTONIC of the client when it started, in milliseconds: comparable with `Clock.bootMs`. */
  readonly madeMs: number;
  /** Raw values; may hold bytes that are no UTF-8, replaced by U+FFFD here. */
  readonly environment: ReadonlyMap<string, string>;
  readonly stdin: Uint8Array;
}

const magic = "podwire-cni/1";
const maxVariables = 64;

export function encodeFrame(frame: Frame): Uint8Array {
  let head = `${magic} ${Math.trunc(frame.deadlineMs)} ${Math.trunc(frame.madeMs)}\n`;
  for (const [name, value] of frame.environment) head += `${name}=${value}\0`;
  const headBytes = encodeUtf8(`${head}\0`);
  const bytes = new Uint8Array(headBytes.length + frame.stdin.length);
  bytes.set(headBytes);
  bytes.set(frame.stdin, headBytes.length);
  return bytes;
}

/** @throws DECODING_FAILURE when the bytes are no frame */
export function decodeFrame(bytes: Uint8Array): Frame {
  const newline = bytes.subarray(0, 64).indexOf(0x0a);
  const head = /^podwire-cni\/1 (\d{1,10}) (\d{1,15})$/.exec(decodeUtf8(bytes.subarray(0, Math.max(newline, 0))));
  if (head === null) throw new PodwireError("DECODING_FAILURE", "the request does not start with podwire-cni/1");
  const environment = new Map<string, string>();
  let start = newline + 1;
  for (let end = bytes.indexOf(0, start); end !== start; end = bytes.indexOf(0, start)) {
    const variable = end < 0 ? "" : decodeUtf8(bytes.subarray(start, end));
    const equals = variable.indexOf("=");
    if (equals < 1) throw new PodwireError("DECODING_FAILURE", "the request's list of variables is broken");
    environment.set(variable.slice(0, equals), variable.slice(equals + 1));
    if (environment.size > maxVariables)
      throw new PodwireError("DECODING_FAILURE", "the request has too many variables");
    start = end + 1;
  }
  return {
    deadlineMs: Number(head[1]),
    madeMs: Number(head[2]),
    environment,
    stdin: bytes.subarray(start + 1),
  };
}
