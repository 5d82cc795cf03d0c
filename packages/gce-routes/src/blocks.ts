import {
  type BlockKind,
  type BlockRequest,
  type Cidr,
  cidrFamily,
  PodwireError,
  prefixLength,
  tryParseAddress,
  tryParseCidr,
} from "@podwire/core";
import type { AliasIpRange, ComputeInterface } from "./api.ts";

/** What a block is on Compute Engine: an alias range of one of these sizes. There are none of IPv6. */
export const supportedKinds: readonly BlockKind[] = [
  { family: 4, prefixLength: 32 },
  { family: 4, prefixLength: 28 },
];

/** What is asked for: so many ranges of one size; Compute Engine picks them. */
export interface RangeCount {
  readonly prefixLength: number;
  readonly count: number;
}

/** @throws NOT_SUPPORTED for anything but a count of a kind that is supported */
export function rangeCount(request: BlockRequest | undefined): RangeCount {
  if (request === undefined) return { prefixLength: 32, count: 0 };
  if ("cidrs" in request) throw notSupported("assign addresses of the caller's choice");
  mustBeSupported(request.kind, "assign");
  return { prefixLength: request.kind.prefixLength, count: request.count };
}

/** @throws NOT_SUPPORTED */
export function mustBeRemovable(cidr: Cidr): void {
  mustBeSupported({ family: cidrFamily(cidr), prefixLength: prefixLength(cidr) }, "unassign");
}

/** The range as it stands, if it is a block: of the named secondary range and of a size that podwire assigns. */
export function blockOf(range: AliasIpRange, secondaryRange: string): Cidr | undefined {
  if (range.subnetworkRangeName !== secondaryRange) return undefined;
  const cidr = cidrOfRange(range);
  return cidr !== undefined && isSupported(kindOf(cidr)) ? cidr : undefined;
}

/** The blocks of an interface. Alias ranges of another range or size are somebody else's. */
export function blocksOf({ aliasIpRanges }: ComputeInterface, secondaryRange: string): readonly Cidr[] {
  return aliasIpRanges.map((range) => blockOf(range, secondaryRange)).filter((cidr) => cidr !== undefined);
}

/** Compute Engine writes a single address with and without its length. */
export function cidrOfRange({ ipCidrRange }: AliasIpRange): Cidr | undefined {
  return tryParseCidr(tryParseAddress(ipCidrRange) === undefined ? ipCidrRange : `${ipCidrRange}/32`);
}

function mustBeSupported(kind: BlockKind, verb: string): void {
  if (!isSupported(kind)) throw notSupported(`${verb} IPv${kind.family} blocks /${kind.prefixLength}`);
}

function isSupported({ family, prefixLength: length }: BlockKind): boolean {
  return supportedKinds.some((kind) => kind.family === family && kind.prefixLength === length);
}

function kindOf(cidr: Cidr): BlockKind {
  return { family: cidrFamily(cidr), prefixLength: prefixLength(cidr) };
}

export function notSupported(what: string): PodwireError {
  return new PodwireError("NOT_SUPPORTED", `the Google Cloud adapter does not ${what}`);
}
