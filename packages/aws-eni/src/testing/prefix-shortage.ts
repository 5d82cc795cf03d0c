import { addressBits, type Family } from "@podwire/core";
import type { AddressSpace } from "@podwire/testkit";
import { prefixLengths } from "./held.ts";

/** How EC2 says that a subnet has nothing: the same for an interface that stands and for a new one. */
export const tooFewAddresses = "The specified subnet does not have enough free addresses to satisfy the request.";

/** Fewer addresses are free than the prefixes hold. */
export const prefixesWithoutAddresses = {
  code: "InvalidParameterValue",
  httpStatus: 400,
  source: "https://github.com/aws/amazon-vpc-cni-k8s/issues/3105",
} as const;
export const tooFewForPrefixes = "There aren't sufficient free Ipv4 addresses or prefixes";

/** Addresses enough are free, and no prefix is whole. What tells the two apart: https://github.com/cilium/cilium/pull/31016 */
export const prefixesOfFragments = {
  code: "InsufficientCidrBlocks",
  httpStatus: 400,
  source: "https://github.com/aws/amazon-vpc-cni-k8s/issues/1836",
} as const;
export const fragmentedSubnet = "The specified subnet does not have enough free cidr blocks to satisfy the request.";

export function lacksAddresses(space: AddressSpace | undefined, family: Family, prefixes: number): boolean {
  const size = 2 ** Math.min(addressBits(family) - prefixLengths[family], 40);
  return prefixes > 0 && (space?.freeCount ?? 0) < size * prefixes;
}
