import {
  addressBytes,
  type Cidr,
  type CloudInterface,
  macFromBytes,
  type NodeRef,
  PodwireError,
  parseAddress,
  parseCidr,
  type SubnetFacts,
} from "@podwire/core";
import type { ComputeInterface, Subnetwork } from "./api.ts";
import { blocksOf } from "./blocks.ts";
import { pathOf } from "./resource-path.ts";

/** The interface that every instance has. Those beside it were added by whoever made the instance: they are foreign. */
export const primaryName = "nic0";

/** @throws CLOUD_NOT_FOUND when the node's subnetwork has no range of the name */
export function mustHaveRange({ name, secondaryIpRanges }: Subnetwork, secondaryRange: string): void {
  if (secondaryIpRanges.some(({ rangeName }) => rangeName === secondaryRange)) return;
  throw new PodwireError("CLOUD_NOT_FOUND", `subnetwork ${name} has no secondary range ${secondaryRange}`, {
    value: secondaryRange,
    details: `compute.subnetworks.get: its secondary ranges are ${rangeNames(secondaryIpRanges)}`,
  });
}

export function subnetFactsOf(subnetwork: Subnetwork, zone: string): SubnetFacts {
  return {
    id: pathOf(subnetwork.selfLink),
    zone,
    cidrs: cidrsOf(subnetwork),
    gateways: { 4: parseAddress(subnetwork.gatewayAddress) },
    tags: {},
  };
}

/** The primary range first, then the secondary ones. */
export function cidrsOf({ ipCidrRange, secondaryIpRanges, ipv6CidrRange }: Subnetwork): readonly Cidr[] {
  const texts = [ipCidrRange, ...secondaryIpRanges.map((range) => range.ipCidrRange)];
  return [...texts, ...(ipv6CidrRange === undefined ? [] : [ipv6CidrRange])].map((text) => parseCidr(text));
}

export interface InterfaceContext {
  readonly node: NodeRef;
  /** That of the primary interface. */
  readonly subnetwork: Subnetwork | undefined;
  readonly secondaryRange: string;
}

export function cloudInterfaceOf(own: ComputeInterface, context: InterfaceContext): CloudInterface {
  const { node, subnetwork, secondaryRange } = context;
  const isPrimary = own.name === primaryName;
  const address = parseAddress(own.networkIP);
  return {
    id: own.name,
    // The API tells no MAC address. That of the node's own interface is known; the others are made of the address:
    // 42:01 and its four bytes (unverified for interfaces without IPv4, which podwire does not use).
    mac: isPrimary ? node.primaryMac : macFromBytes(Uint8Array.of(0x42, 0x01, ...addressBytes(address))),
    role: isPrimary ? "primary" : "secondary",
    owner: isPrimary ? "ours" : "foreign",
    subnetId: pathOf(own.subnetwork),
    primaryAddresses: [address],
    blocks: isPrimary ? blocksOf(own, secondaryRange) : [],
    gateways: isPrimary && subnetwork !== undefined ? { 4: parseAddress(subnetwork.gatewayAddress) } : {},
  };
}

function rangeNames(ranges: Subnetwork["secondaryIpRanges"]): string {
  return ranges.length === 0 ? "none" : ranges.map(({ rangeName }) => rangeName).join(", ");
}
