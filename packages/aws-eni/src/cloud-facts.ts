import {
  type Address,
  addressAt,
  type Cidr,
  type CloudInterface,
  cidrFamily,
  type Gateways,
  hostCidr,
  type InterfaceOwner,
  parseAddress,
  parseCidr,
  parseMac,
  type SubnetFacts,
} from "@podwire/core";
import type { NetworkInterface, Subnet } from "./api.ts";
import { blocksOf } from "./blocks.ts";
import { ipv6Router, tagKeys } from "./config.ts";

export function subnetFactsOf(subnet: Subnet): SubnetFacts {
  const cidrs = cidrsOf(subnet);
  return {
    id: subnet.subnetId,
    zone: subnet.availabilityZone,
    cidrs,
    gateways: gatewaysOf(cidrs),
    freeAddresses: subnet.availableIpAddressCount,
    tags: subnet.tags,
  };
}

export function cidrsOf({ cidrBlock, ipv6CidrBlocks }: Subnet): readonly Cidr[] {
  return [cidrBlock, ...ipv6CidrBlocks].map((text) => parseCidr(text));
}

/** @param subnetCidrs must hold the interface's subnet */
export function cloudInterfaceOf(
  own: NetworkInterface,
  subnetCidrs: ReadonlyMap<string, readonly Cidr[]>,
  cluster: string,
): CloudInterface {
  const blocks = blocksOf(own);
  const pool = own.tags[tagKeys.pool];
  const primaryAddresses = primaryAddressesOf(own);
  // An interface with IPv6 tells of an IPv6 range that its subnet got after it was asked about.
  const cidrs = [...(subnetCidrs.get(own.subnetId) ?? []), ...primaryAddresses.map(hostCidr), ...blocks];
  return {
    id: own.networkInterfaceId,
    mac: parseMac(own.macAddress),
    role: isPrimary(own) ? "primary" : "secondary",
    owner: ownerOf(own, cluster),
    ...(pool === undefined ? {} : { pool }),
    subnetId: own.subnetId,
    primaryAddresses,
    blocks,
    gateways: gatewaysOf(cidrs),
  };
}

/** Of IPv4 the one that EC2 marks, of IPv6 the first. */
function primaryAddressesOf({ privateIpAddresses, ipv6Addresses }: NetworkInterface): readonly Address[] {
  const own = privateIpAddresses.filter(({ primary }) => primary).map(({ privateIpAddress }) => privateIpAddress);
  return [...own, ...ipv6Addresses.slice(0, 1)].map((text) => parseAddress(text));
}

export function isPrimary({ attachment }: NetworkInterface): boolean {
  return attachment?.deviceIndex === 0 && attachment.networkCardIndex === 0;
}

/** What is tagged no-manage is left alone unless the tag says `false`; what podwire did not make is not podwire's. */
export function ownerOf(own: NetworkInterface, cluster: string): InterfaceOwner {
  const noManage = own.tags[tagKeys.noManage];
  if (noManage !== undefined && noManage !== "false") return "foreign";
  return isPrimary(own) || own.tags[tagKeys.cluster] === cluster ? "ours" : "foreign";
}

/**
 * The VPC's router has the second IPv4 address of each subnet, and one link-local IPv6 address in all of them:
 * https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html,
 * https://aws.amazon.com/about-aws/whats-new/2022/11/ipv6-subnet-default-gateway-router-multiple-addresses/
 * @param cidrs that of the subnet first
 */
function gatewaysOf([subnetCidr, ...others]: readonly Cidr[]): Gateways {
  return {
    ...(subnetCidr === undefined ? {} : { 4: addressAt(subnetCidr, 1n) }),
    ...(others.some((cidr) => cidrFamily(cidr) === 6) ? { 6: ipv6Router } : {}),
  };
}
