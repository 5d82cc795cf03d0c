import type { CancelSignal } from "../runtime/cancel-signal.ts";
import type { PodRef } from "../store/records.ts";
import type { AttachmentKey } from "./attachment-key.ts";
import type { CniDns, CniResult } from "./result.ts";

/** How long a verb may take, and whether anybody still waits for it. */
export interface CniCall {
  /** `Clock.bootMs` at which the answer must be on its way. */
  readonly deadlineMs: number;
  readonly signal: CancelSignal;
}

export interface AddRequest {
  readonly key: AttachmentKey;
  readonly netnsPath: string;
  readonly pod: PodRef;
  /** Goes into the result as it is. */
  readonly dns?: CniDns;
  /** What earlier plugins of the chain made; ours is appended to it. */
  readonly prevResult?: CniResult;
}

export interface DelRequest {
  /** Undefined where the network configuration could not be read: DEL works without it. */
  readonly network: string | undefined;
  readonly containerId: string;
  readonly ifName: string;
  /** A spooled DEL: when it was made. An attachment that is younger is not its business. */
  readonly madeMs?: number;
}

export interface CheckRequest {
  readonly key: AttachmentKey;
  readonly netnsPath: string;
  readonly prevResult: CniResult;
}

export interface GcRequest {
  readonly network: string;
  /** Undefined when the list was absent (then nothing is collected); empty when it was empty (then everything is). */
  readonly validAttachments: readonly { readonly containerId: string; readonly ifName: string }[] | undefined;
}

export interface StatusRequest {
  readonly network: string;
}

/**
 * What podwire does for each verb of the CNI specification, after environment and standard input were found valid and
 * before the result is converted to the version asked for. Rejects only with PodwireError; on any failure of ADD nothing
 * is left behind. DEL, CHECK, GC and STATUS have no result.
 */
export interface CniVerbs {
  add(request: AddRequest, call: CniCall): Promise<CniResult>;
  del(request: DelRequest, call: CniCall): Promise<void>;
  check(request: CheckRequest, call: CniCall): Promise<void>;
  gc(request: GcRequest, call: CniCall): Promise<void>;
  status(request: StatusRequest, call: CniCall): Promise<void>;
}
