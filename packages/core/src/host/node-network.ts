import type { Address } from "../address/address.ts";
import type { Cidr } from "../address/cidr.ts";
import type { MacAddress } from "../address/mac.ts";
import type { Gateways, InterfaceRole } from "../provider/cloud-facts.ts";
import type { AttachmentFacts, AttachmentSpec } from "./attachment-spec.ts";

/** An interface of ours as the kernel must have it. */
export interface NodeInterface {
  readonly mac: MacAddress;
  readonly role: InterfaceRole;
  /** 1…126, stable for the boot: its route table and its mark are derived from it. */
  readonly ordinal: number;
  readonly primaryAddresses: readonly Address[];
  readonly gateways: Gateways;
  readonly mtuBytes: number;
  readonly blocks: readonly Cidr[];
}

export interface Egress {
  /**
   * `node`: what leaves the VPC over IPv4 gets the primary interface's address (source NAT on the node).
   * `external`: nothing is translated here, a NAT gateway does it.
   */
  readonly nat: "node" | "external";
  /** Destinations outside the VPC that see pod addresses all the same. */
  readonly excludedCidrs: readonly Cidr[];
  /** Whether pods reach the cloud's metadata server (169.254.169.254, fd00:ec2::254). */
  readonly podMetadataAccess: boolean;
}

/** The whole desired state of the node: what podwire wants in the kernel, nothing of anybody else's. */
export interface NodeNetwork {
  readonly interfaces: readonly NodeInterface[];
  readonly vpcCidrs: readonly Cidr[];
  readonly egress: Egress;
  readonly attachments: readonly { readonly spec: AttachmentSpec; readonly facts: AttachmentFacts }[];
}

/** One thing that was missing or different and has been put back. */
export interface Repair {
  readonly object: "link" | "addr" | "route" | "rule" | "neigh" | "sysctl" | "nft";
  /** As `ip` or `nft` would print it. */
  readonly description: string;
}

/** One difference that CHECK found between an attachment's record and the kernel. */
export interface Drift {
  readonly object: Repair["object"];
  readonly expected: string;
  /** Absent when it is missing altogether. */
  readonly found?: string;
}

/** An address as it is configured on an interface: the host bits are not zero, so this is no `Cidr`. */
export interface InterfaceAddress {
  readonly address: Address;
  readonly prefixLength: number;
}

/** A network interface of the host's namespace. */
export interface HostInterface {
  readonly name: string;
  readonly index: number;
  readonly mac: MacAddress;
  readonly up: boolean;
  readonly mtuBytes: number;
  readonly addresses: readonly InterfaceAddress[];
}

/** Something moved in the kernel. Tells where to look, not what to do: the reader audits. */
export type HostEvent =
  | {
      readonly kind: "link";
      readonly ifName: string;
      readonly mac?: MacAddress;
      readonly change: "changed" | "deleted";
    }
  | { readonly kind: "addr" | "route" | "rule" | "neigh" | "nft" }
  /** Events were lost (ENOBUFS): audit everything. */
  | { readonly kind: "overrun" };
