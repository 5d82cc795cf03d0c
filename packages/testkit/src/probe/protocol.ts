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

export type ProbeRequest = ListenRequest | ReachRequest;

export type Reachability =
  /** `seenAs`: the address the other side saw. */
  | { readonly reached: true; readonly seenAs: string; readonly ms: number }
  /** `why`: `timeout`, or the errno of the kernel's answer (`ECONNREFUSED`, `EHOSTUNREACH`, …). */
  | { readonly reached: false; readonly why: string };

export type ProbeAnswer =
  | { readonly id: number; readonly result: Reachability | null }
  | { readonly id: number; readonly error: string };
