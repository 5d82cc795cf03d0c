import {
  type Address,
  addressAt,
  type Cidr,
  type CloudInterface,
  cidrFamily,
  type Gateways,
  type InterfaceOwner,
  type NodeRef,
  PodwireError,
  parseAddress,
  parseCidr,
  parseMac,
  type SubnetFacts,
} from "@podwire/core";
import type { NetworkInterface, Subnet } from "./api.ts";
import { blocksOf } from "./blocks.ts";
import { ipv6Router, tagKeys } from "./config.ts";
import type { OwnedNames } from "./owned-name.ts";

/** A subnet lies in all zones of its region, so it is in the node's. */
export function subnetFactsOf(subnet: Subnet, { zone }: NodeRef): SubnetFacts {
  const cidrs = cidrsOf(subnet);
  return { id: subnet.id, zone, cidrs, gateways: gatewaysOf(cidrs), tags: {} };
}

function cidrsOf({ properties }: Subnet): readonly Cidr[] {
  const { addressPrefix, addressPrefixes } = properties;
  return (addressPrefixes ?? (addressPrefix === undefined ? [] : [addressPrefix])).map((text) => parseCidr(text));
}

export interface InterfacePlace {
  readonly isPrimary: boolean;
  readonly subnet: Subnet;
  readonly cluster: string;
  readonly names: OwnedNames;
}

export function cloudInterfaceOf(own: NetworkInterface, place: InterfacePlace): CloudInterface {
  const { isPrimary, subnet, cluster, names } = place;
  return {
    id: own.id,
    mac: parseMac(macTextOf(own)),
    role: isPrimary ? "primary" : "secondary",
    owner: ownerOf(own, isPrimary, cluster),
    subnetId: subnet.id,
    primaryAddresses: primaryAddressesOf(own, names),
    blocks: blocksOf(own, names),
    gateways: gatewaysOf(cidrsOf(subnet)),
  };
}

/** The subnet of the primary configuration; all others are in the same one. */
export function subnetIdOf(own: NetworkInterface): string {
  const subnetId = own.properties.ipConfigurations.find(({ properties }) => properties.primary === true)?.properties
    .subnet?.id;
  if (subnetId !== undefined) return subnetId;
  throw new PodwireError("CLOUD_REJECTED", `${own.id} has no primary configuration with a subnet`, {
    op: `describe ${own.id}`,
  });
}

export function isNoManage({ tags = {} }: NetworkInterface): boolean {
  const value = tags[tagKeys.noManage];
  return value !== undefined && value !== "false";
}

/** The primary interface is podwire's for addresses, a secondary one where somebody tagged it for this cluster. */
function ownerOf(own: NetworkInterface, isPrimary: boolean, cluster: string): InterfaceOwner {
  if (isNoManage(own)) return "foreign";
  return isPrimary || own.tags?.[tagKeys.cluster] === cluster ? "ours" : "foreign";
}

/** Azure writes 00-0D-3A-6B-B0-9F. */
function macTextOf(own: NetworkInterface): string {
  const { macAddress } = own.properties;
  if (macAddress !== undefined) return macAddress.replaceAll("-", ":");
  throw new PodwireError("CLOUD_CONFLICT", `${own.id} has no MAC address yet`, { op: `describe ${own.id}` });
}

/** Of IPv4 the primary configuration's; of IPv6 the first that podwire did not make. */
function primaryAddressesOf(own: NetworkInterface, names: OwnedNames): readonly Address[] {
  const foreign = own.properties.ipConfigurations.filter(({ name }) => !names.ownsConfiguration(name));
  const ipv4 = own.properties.ipConfigurations.find(({ properties }) => properties.primary === true);
  const ipv6 = foreign.find(({ properties }) => properties.privateIPAddressVersion === "IPv6");
  const texts = [ipv4, ipv6].flatMap((configuration) => configuration?.properties.privateIPAddress ?? []);
  return [...new Set(texts)].map((text) => parseAddress(text));
}

/** Azure's router has the first address after a subnet's own: x.x.x.1 of the five that Azure keeps. */
function gatewaysOf(cidrs: readonly Cidr[]): Gateways {
  const ipv4 = cidrs.find((cidr) => cidrFamily(cidr) === 4);
  return {
    ...(ipv4 === undefined ? {} : { 4: addressAt(ipv4, 1n) }),
    ...(cidrs.some((cidr) => cidrFamily(cidr) === 6) ? { 6: ipv6Router } : {}),
  };
}
