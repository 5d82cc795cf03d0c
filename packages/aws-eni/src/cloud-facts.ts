import {
  addressAt,
  type Cidr,
  type CloudInterface,
  type Gateways,
  hostCidr,
  type InterfaceOwner,
  parseAddress,
  parseCidr,
  parseMac,
  type SubnetFacts,
} from "@podwire/core";
import type { NetworkInterface, Subnet } from "./api.ts";
import { tagKeys } from "./config.ts";

export function subnetFactsOf(subnet: Subnet): SubnetFacts {
  const cidr = parseCidr(subnet.cidrBlock);
  return {
    id: subnet.subnetId,
    zone: subnet.availabilityZone,
    cidrs: [cidr],
    gateways: gatewaysOf(cidr),
    freeAddresses: subnet.availableIpAddressCount,
    tags: subnet.tags,
  };
}

/** @param subnetCidrs must hold the interface's subnet */
export function cloudInterfaceOf(
  own: NetworkInterface,
  subnetCidrs: ReadonlyMap<string, Cidr>,
  cluster: string,
): CloudInterface {
  const primary = isPrimary(own);
  const subnetCidr = subnetCidrs.get(own.subnetId);
  const pool = own.tags[tagKeys.pool];
  const addressesOf = (role: "primary" | "secondary") =>
    own.privateIpAddresses
      .filter((entry) => entry.primary === (role === "primary"))
      .map((entry) => parseAddress(entry.privateIpAddress));
  return {
    id: own.networkInterfaceId,
    mac: parseMac(own.macAddress),
    role: primary ? "primary" : "secondary",
    owner: ownerOf(own, cluster),
    ...(pool === undefined ? {} : { pool }),
    subnetId: own.subnetId,
    primaryAddresses: addressesOf("primary"),
    blocks: addressesOf("secondary").map(hostCidr),
    gateways: subnetCidr === undefined ? {} : gatewaysOf(subnetCidr),
  };
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

/** The VPC's router has the second address: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html */
function gatewaysOf(cidr: Cidr): Gateways {
  return { 4: addressAt(cidr, 1n) };
}
