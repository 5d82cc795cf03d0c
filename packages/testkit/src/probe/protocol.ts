/** What the probe and its agent say to each other: one JSON object a line, requests in, answers out. */

export type ProbeProtocol = "tcp" | "udp";

export interface ListenRequest {
  readonly id: number;
  readonly listen: { readonly addresses: readonly string[]; readonly port: number };
}

export interface ReachRequest {
  readonly id: number;
  readonly reach: ReachOptions;
}

export interface ReachOptions {
  readonly protocol: ProbeProtocol;
  readonly address: string;
  readonly port: number;
  /** After this long without an answer the target counts as blocked. */
  readonly timeoutMs: number;
  /** The source address to use; default: the kernel's choice. */
  readonly from?: string;
}

export interface StreamRequest {
  readonly id: number;
  readonly stream: StreamOptions;
}

/** Ends the stream that the request with the number `endStream` began. */
export interface EndStreamRequest {
  readonly id: number;
  readonly endStream: number;
}

export interface StreamOptions {
  readonly address: string;
  readonly port: number;
  /** Between two datagrams. */
  readonly intervalMs: number;
}

/** `lost`: numbers, from 1, of the datagrams that did not come back. */
export interface StreamResult {
  readonly sent: number;
  readonly lost: readonly number[];
}

export type ProbeRequest = ListenRequest | ReachRequest | StreamRequest | EndStreamRequest;

export type Reachability =
  /** `seenAs`: the address the other side saw. */
  | { readonly reached: true; readonly seenAs: string; readonly ms: number }
  /** `why`: `timeout`, or the errno of the kernel's answer (`ECONNREFUSED`, `EHOSTUNREACH`, …). */
  | { readonly reached: false; readonly why: string };

/** `null`: what was asked is done, and there is nothing to tell. */
export type ProbeResult = Reachability | StreamResult | null;

export type ProbeAnswer =
  | { readonly id: number; readonly result: ProbeResult }
  | { readonly id: number; readonly error: string };
