import type { Address } from "../address/address.ts";
import type { Cidr } from "../address/cidr.ts";
import type { MacAddress } from "../address/mac.ts";
import type { AttachmentKey } from "../cni/attachment-key.ts";

/** A network namespace: where it is found, and what it is. */
export interface NetnsRef {
  readonly path: string;
  /** The kernel's cookie (SO_NETNS_COOKIE) as decimal digits: unique for the boot, unlike the path or the inode. */
  readonly cookie: string;
}

export type Datapath = "veth" | "ipvlan-l2" | "bridge";

export interface AttachedAddress {
  readonly address: Address;
  /** The block it was taken from. */
  readonly block: Cidr;
  /** The interface that holds the block, by its MAC: the one name that cloud and kernel share. */
  readonly interfaceMac: MacAddress;
}

/** Everything that makes the kernel's part of an attachment; the same spec again gives the same facts. */
export interface AttachmentSpec {
  readonly key: AttachmentKey;
  readonly netns: NetnsRef;
  readonly datapath: Datapath;
  /** At most one a family, at least one. */
  readonly addresses: readonly AttachedAddress[];
  readonly mtuBytes: number;
  /** The pod's MAC where the runtime asked for one. */
  readonly mac?: MacAddress;
}

export interface PodRoute {
  readonly destination: Cidr;
  readonly gateway?: Address;
}

/** What the attachment became in the kernel. */
export interface AttachmentFacts {
  readonly hostIfName: string;
  readonly hostMac: MacAddress;
  readonly podMac: MacAddress;
  /** Routes in the pod, in the order of the result. */
  readonly routes: readonly PodRoute[];
  readonly mtuBytes: number;
}

/** An attachment found in the kernel by the alias of its host interface. */
export interface FoundAttachment {
  readonly key: AttachmentKey;
  readonly hostIfName: string;
  /** Addresses routed to it in podwire's table. */
  readonly addresses: readonly Address[];
}
