import {
  addressBits,
  type BlockKind,
  type BlockRequest,
  type Cidr,
  cidrFamily,
  type Family,
  hostCidr,
  networkAddress,
  PodwireError,
  parseAddress,
  parseCidr,
  prefixLength,
  tryParseAddress,
  tryParseCidr,
} from "@podwire/core";
import type { InterfaceCreation, NetworkInterface } from "./api.ts";

/** What a block is on EC2. No single IPv6 addresses: one prefix of them is more than a node can use. */
export const supportedKinds: readonly BlockKind[] = [
  { family: 4, prefixLength: 32 },
  { family: 4, prefixLength: 28 },
  { family: 6, prefixLength: 80 },
];

/** What is asked for, as EC2 counts it; at most one of each family. */
export type BlockCount = Pick<
  InterfaceCreation,
  "secondaryPrivateIpAddressCount" | "ipv4PrefixCount" | "ipv6PrefixCount"
>;

/** Nothing for a count of 0. @throws NOT_SUPPORTED for anything but counts of kinds that EC2 has, one a family */
export function blockCounts(requests: readonly BlockRequest[]): BlockCount {
  const families = new Set<Family>();
  let counts: BlockCount = {};
  for (const request of requests) {
    if ("cidrs" in request) throw notSupported("assign addresses of the caller's choice");
    mustBeSupported(request.kind, "assign");
    if (request.count === 0) continue;
    const { family } = request.kind;
    if (families.has(family)) throw notSupported(`assign two kinds of IPv${family} blocks in one call`);
    families.add(family);
    counts = { ...counts, ...countFor(request.kind, request.count) };
  }
  return counts;
}

/** @throws NOT_SUPPORTED */
export function mustBeRemovable(cidr: Cidr): void {
  mustBeSupported({ family: cidrFamily(cidr), prefixLength: prefixLength(cidr) }, "unassign");
}

/** Single addresses as EC2 writes them. */
export function addressTexts(cidrs: readonly Cidr[]): readonly string[] {
  return cidrs.filter(isAddress).map(networkAddress);
}

export function prefixTexts(cidrs: readonly Cidr[]): readonly string[] {
  return cidrs.filter((cidr) => !isAddress(cidr));
}

/**
 * The blocks of an interface: neither its own addresses nor single IPv6 ones, which are no kind of block here.
 * @throws INVALID_ADDRESS when EC2's texts are none
 */
export function blocksOf(own: NetworkInterface): readonly Cidr[] {
  const secondary = own.privateIpAddresses.filter(({ primary }) => !primary);
  const addresses = secondary.map(({ privateIpAddress }) => hostCidr(parseAddress(privateIpAddress)));
  return [...addresses, ...[...own.ipv4Prefixes, ...own.ipv6Prefixes].map((text) => parseCidr(text))];
}

/** Undefined for a text that is none. */
export function tryParseBlocks(
  addresses: readonly string[],
  prefixes: readonly string[],
): readonly (Cidr | undefined)[] {
  const hosts = addresses.map((text) => {
    const address = tryParseAddress(text);
    return address === undefined ? undefined : hostCidr(address);
  });
  return [...hosts, ...prefixes.map((text) => tryParseCidr(text))];
}

function countFor({ family, prefixLength: length }: BlockKind, count: number): BlockCount {
  if (family === 6) return { ipv6PrefixCount: count };
  return length === 32 ? { secondaryPrivateIpAddressCount: count } : { ipv4PrefixCount: count };
}

function isAddress(cidr: Cidr): boolean {
  return prefixLength(cidr) === addressBits(cidrFamily(cidr));
}

function mustBeSupported({ family, prefixLength: length }: BlockKind, verb: string): void {
  if (supportedKinds.some((kind) => kind.family === family && kind.prefixLength === length)) return;
  throw notSupported(`${verb} IPv${family} blocks /${length}`);
}

function notSupported(what: string): PodwireError {
  return new PodwireError("NOT_SUPPORTED", `the AWS adapter does not ${what}`);
}
