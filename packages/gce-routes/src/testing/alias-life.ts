import { type Cidr, prefixLength, tryParseAddress, tryParseCidr } from "@podwire/core";
import type { AddressSpace } from "@podwire/testkit";
import type { AliasIpRange, OperationError } from "../api.ts";
import type { AliasRequest } from "./requests.ts";
import { type FakeInterface, spaceOf, type World } from "./world.ts";

/** What a list of alias ranges becomes: the ranges, each with its addresses, or why the operation fails. */
export type AliasResult = { readonly aliasIpRanges: readonly AliasIpRange[] } | { readonly error: OperationError };

/** Replaces the list, whole or not at all: what is no more in it is free for what is new in it. */
export function replaceRanges(world: World, own: FakeInterface, wanted: readonly AliasIpRange[]): AliasResult {
  const spaceFor = (range: AliasIpRange) => spaceOf(world, own.subnetwork, range.subnetworkRangeName);
  const released = own.aliasIpRanges.filter((range) => !wanted.some((other) => isSame(range, other)));
  for (const range of released) spaceFor(range)?.release(range.ipCidrRange as Cidr);
  const taken: AliasIpRange[] = [];
  const result: AliasIpRange[] = [];
  for (const range of wanted) {
    const kept = own.aliasIpRanges.find((other) => isSame(range, other));
    const got = kept ?? takeRange(spaceFor(range), range);
    if ("code" in got) {
      for (const one of taken) spaceFor(one)?.release(one.ipCidrRange as Cidr);
      for (const one of released) spaceFor(one)?.claim(one.ipCidrRange as Cidr);
      return { error: got };
    }
    if (kept === undefined) taken.push(got);
    result.push(got);
  }
  return { aliasIpRanges: result };
}

/** `/28`, `10.4.0.0/28` or an address, as Compute Engine takes them. */
export function parseRange({
  ipCidrRange,
}: AliasIpRange): { readonly length: number; readonly cidr?: Cidr } | undefined {
  const asked = /^\/(\d{1,2})$/.exec(ipCidrRange)?.[1];
  if (asked !== undefined) return Number(asked) <= 32 ? { length: Number(asked) } : undefined;
  const cidr = tryParseCidr(tryParseAddress(ipCidrRange) === undefined ? ipCidrRange : `${ipCidrRange}/32`);
  return cidr === undefined ? undefined : { length: prefixLength(cidr), cidr };
}

export function findInterface(world: World, request: AliasRequest): FakeInterface | undefined {
  const instance = world.instances.get(request.instance);
  return instance?.networkInterfaces.find(({ name }) => name === request.networkInterface);
}

function takeRange(space: AddressSpace | undefined, range: AliasIpRange): AliasIpRange | OperationError {
  const { length = 32, cidr } = parseRange(range) ?? {};
  const name = range.subnetworkRangeName;
  if (cidr === undefined) {
    const picked = space?.take(length);
    if (picked !== undefined) return { ...range, ipCidrRange: picked };
    const message = `IP space of '${name ?? "the primary range"}' is exhausted.`;
    return { code: "IP_SPACE_EXHAUSTED", message, httpStatus: 400 };
  }
  if (space?.claim(cidr) === true) return { ...range, ipCidrRange: cidr };
  const message = `IP range '${cidr}' is already being used by another resource.`;
  return { code: "IP_IN_USE_BY_ANOTHER_RESOURCE", message, httpStatus: 400 };
}

function isSame(a: AliasIpRange, b: AliasIpRange): boolean {
  return a.subnetworkRangeName === b.subnetworkRangeName && a.ipCidrRange === (parseRange(b)?.cidr ?? b.ipCidrRange);
}
