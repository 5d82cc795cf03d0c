import type { Address } from "../address/address.ts";
import type { Cidr } from "../address/cidr.ts";
import type { MacAddress } from "../address/mac.ts";
import type { AttachmentKey } from "../cni/attachment-key.ts";
import type { CniResult } from "../cni/result.ts";
import type { AttachmentFacts, AttachmentSpec } from "../host/attachment-spec.ts";
import type { AddressState, BlockState } from "../pool/states.ts";
import type { Gateways, InterfaceOwner, InterfaceRole } from "../provider/cloud-facts.ts";

/** All times are `Clock.bootMs`: the state ends with the boot. */

export interface InterfaceRecord {
  readonly id: string;
  readonly pool: string;
  readonly mac: MacAddress;
  /** 1…126: route table and mark are derived from it. Not reused while anything refers to it. */
  readonly ordinal: number;
  readonly role: InterfaceRole;
  readonly owner: InterfaceOwner;
  readonly subnetId: string;
  readonly primaryAddresses: readonly Address[];
  readonly gateways: Gateways;
}

export interface BlockRecord {
  readonly cidr: Cidr;
  readonly interfaceId: string;
  readonly state: BlockState;
  readonly sinceMs: number;
}

/** An address that was never used has no record: it is free. */
export interface AddressRecord {
  readonly address: Address;
  readonly block: Cidr;
  readonly state: AddressState;
  /** Only while allocated. */
  readonly attachment?: AttachmentKey;
  /** When it was last released; orders free addresses and measures the cool-down. */
  readonly freedMs?: number;
}

export interface PodRef {
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
}

/** `allocating`: the kernel may hold nothing, a part or all of it. `deleting`: likewise, on its way out. */
export type AttachmentState = "allocating" | "ready" | "deleting";

export interface AttachmentRecord {
  readonly key: AttachmentKey;
  readonly state: AttachmentState;
  readonly createdMs: number;
  readonly pod: PodRef;
  readonly spec: AttachmentSpec;
  /** Both only when ready; the result in the newest version, converted when it is handed out. */
  readonly facts?: AttachmentFacts;
  readonly result?: CniResult;
}

/** A call to the cloud that changes something, written down before it is sent. */
export interface OperationRecord {
  readonly token: string;
  readonly kind: "assign" | "unassign" | "create-interface" | "delete-interface";
  readonly pool: string;
  /** Of an interface that is being created only once it is; then the operation ends when a describe shows it. */
  readonly interfaceId?: string;
  /** Blocks by family and count that may come of it, or that are to go. */
  readonly request: OperationRequest;
  /** `unknown`: the answer was lost; a describe that starts after `endedMs` tells. */
  readonly state: "sent" | "unknown";
  readonly startedMs: number;
  readonly endedMs?: number;
}

export interface OperationRequest {
  readonly add?: { readonly family: 4 | 6; readonly prefixLength: number; readonly count: number };
  readonly remove?: readonly Cidr[];
  readonly subnetId?: string;
}

/** A block given back: a view of the cloud older than this must not bring it back. */
export interface TombstoneRecord {
  readonly interfaceId: string;
  readonly cidr: Cidr;
  readonly releasedMs: number;
}
