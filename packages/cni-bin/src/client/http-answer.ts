import { limits } from "./limits.ts";

/** An HTTP/1.1 answer as podwired writes it: a status, a Content-Length, never chunked. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

const { maxAnswerHeadBytes, maxAnswerBodyBytes } = limits;

/** The answer in what was received so far; `more` when it is not all there yet, `broken` when it never will be one. */
export function parseHttpAnswer(received: Uint8Array): HttpAnswer | "more" | "broken" {
  const bytes = Buffer.from(received.buffer, received.byteOffset, received.length);
  const headEnd = bytes.subarray(0, maxAnswerHeadBytes).indexOf("\r\n\r\n");
  if (headEnd < 0) return bytes.length >= maxAnswerHeadBytes ? "broken" : "more";
  const head = bytes.toString("latin1", 0, headEnd + 2);
  const status = /^HTTP\/1\.1 (\d{3})[ \r]/.exec(head)?.[1];
  const length = /\r\ncontent-length: *(\d{1,7})\r\n/i.exec(head)?.[1];
  if (status === undefined || length === undefined || Number(length) > maxAnswerBodyBytes) return "broken";
  const bodyStart = headEnd + 4;
  const bodyEnd = bodyStart + Number(length);
  return bytes.length < bodyEnd ? "more" : { status: Number(status), body: bytes.subarray(bodyStart, bodyEnd) };
}
