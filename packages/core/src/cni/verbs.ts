import type { CancelSignal } from "../runtime/cancel-signal.ts";
import type { PodRef } from "../store/records.ts";
import type { AttachmentKey } from "./attachment-key.ts";
import type { CniDns, CniResult } from "./result.ts";

/** The values of CNI_COMMAND. The specification's list of parameters forgets STATUS, which has a section of its own. */
export const cniVerbs = ["ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION"] as const;

export type CniVerb = (typeof cniVerbs)[number];

export function isCniVerb(text: string): text is CniVerb {
  return (cniVerbs as readonly string[]).includes(text);
}

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

/** An attachment the runtime still knows, of the network that is collected. */
export interface ValidAttachment {
  readonly containerId: string;
  readonly ifName: string;
}

export interface GcRequest {
  readonly network: string;
  /** Undefined when the list was absent (then nothing is collected); empty when it was empty (then everything is). */
  readonly validAttachments: readonly ValidAttachment[] | undefined;
}

export interface StatusRequest {
  readonly network: string;
}

/**
 * What podwire does for each verb of the CNI specification, after environment and standard input were found valid and
 * before the result is converted to the version asked for. Rejects only with PodwireError; on any failure of ADD
 * nothing is left behind. ADD resolves with what podwire made; in a chain `answerCni` puts it behind what earlier
 * plugins made. DEL, CHECK, GC and STATUS have no result.
 */
export interface CniVerbs {
  add(request: AddRequest, call: CniCall): Promise<CniResult>;
  del(request: DelRequest, call: CniCall): Promise<void>;
  check(request: CheckRequest, call: CniCall): Promise<void>;
  gc(request: GcRequest, call: CniCall): Promise<void>;
  status(request: StatusRequest, call: CniCall): Promise<void>;
}
