import type { CancelSignal } from "@podwire/core";

/** One request, read to its end. */
export interface Request {
  readonly body: Uint8Array;
  /** Aborted when the client goes away or the daemon stops. */
  readonly signal: CancelSignal;
}

export interface Reply {
  readonly status: number;
  readonly mediaType: string;
  readonly body: string;
}

/** What is served under one path. */
export interface Route {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** A larger body is refused with 413 before it is read. */
  readonly maxBodyBytes: number;
  respond(request: Request): Promise<Reply>;
}

export function jsonReply(status: number, body: string): Reply {
  return { status, mediaType: "application/json", body };
}

export function textReply(status: number, body: string): Reply {
  return { status, mediaType: "text/plain; charset=utf-8", body: `${body}\n` };
}
