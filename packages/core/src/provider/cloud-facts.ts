import type { Address, Family } from "../address/address.ts";
import type { Cidr } from "../address/cidr.ts";
import type { MacAddress } from "../address/mac.ts";

/** A size of block an interface can hold: a single address (/32, /128) or a prefix (/28, /80). */
export interface BlockKind {
  readonly family: Family;
  readonly prefixLength: number;
}

/** What an adapter can do. What is absent here is refused with NOT_SUPPORTED, never ignored. */
export interface Capabilities {
  readonly blockKinds: readonly BlockKind[];
  /** `changeBlocks` can add addresses of the caller's choice, not only by count. */
  readonly specificAddresses: boolean;
  /** And `deleteInterface`. */
  readonly createInterface: boolean;
  readonly orphans: boolean;
  /** Adds and removes of one interface travel in one document, so one call can do both. */
  readonly oneDocumentPerInterface: boolean;
}

export interface Limits {
  readonly maxInterfaces: number;
  /** Blocks one interface can hold beside its own primary address, by family (0 = family not available). */
  readonly blocksPerInterface: Readonly<Record<Family, number>>;
  /** Those of the capabilities that this instance type can hold; absent = all of them. */
  readonly blockKinds?: readonly BlockKind[];
}

export type Gateways = Readonly<Partial<Record<Family, Address>>>;

export interface SubnetFacts {
  readonly id: string;
  readonly zone: string;
  readonly cidrs: readonly Cidr[];
  readonly gateways: Gateways;
  /** Free addresses as the cloud counts them, where it does. */
  readonly freeAddresses?: number;
  readonly tags: Readonly<Record<string, string>>;
}

export interface NetworkFacts {
  /** Everything that is reached without leaving the virtual network. */
  readonly vpcCidrs: readonly Cidr[];
  readonly subnets: readonly SubnetFacts[];
  readonly mtuBytes: number;
}

export type InterfaceRole = "primary" | "secondary";

/**
 * `ours`: podwire may assign, unassign, detach and delete. The primary interface is ours for addresses (it is never
 * deleted); one that is tagged no-manage, or that somebody else made, is `foreign` and never touched.
 */
export type InterfaceOwner = "ours" | "foreign";

/** A network interface of the node as the cloud tells it. */
export interface CloudInterface {
  readonly id: string;
  readonly mac: MacAddress;
  readonly role: InterfaceRole;
  readonly owner: InterfaceOwner;
  /** The pool it was created for, where the cloud remembers it (by a tag). */
  readonly pool?: string;
  readonly subnetId: string;
  /** Addresses of the interface itself, at most one a family. They are not given to pods. */
  readonly primaryAddresses: readonly Address[];
  readonly blocks: readonly Cidr[];
  readonly gateways: Gateways;
  /** Reserved for trunk and branch interfaces: the interface this one rides on, and its VLAN id. */
  readonly parentId?: string;
  readonly vlanId?: number;
  /** Reserved for an interface that belongs to one pod. */
  readonly exclusive?: boolean;
}

/** All interfaces of one node at one time. */
export interface Snapshot {
  /**
   * `Clock.bootMs` right before the first call; what ended before this time is in the snapshot, unless the cloud
   * lags.
   */
  readonly startedAtMs: number;
  readonly interfaces: readonly CloudInterface[];
}
