import {
  type BlockKind,
  type BlockRequest,
  type Cidr,
  cidrFamily,
  cidrOf,
  hostCidr,
  PodwireError,
  parseAddress,
  parseCidr,
  prefixLength,
} from "@podwire/core";
import type { IpConfiguration, NetworkInterface } from "./api.ts";
import type { OwnedNames } from "./owned-name.ts";

/** What a block is on Azure: one configuration, of an address or of a CIDR block. */
export const supportedKinds: readonly BlockKind[] = [
  { family: 4, prefixLength: 32 },
  { family: 4, prefixLength: 28 },
];

export interface BlockCount {
  readonly kind: BlockKind;
  readonly count: number;
}

/** @throws NOT_SUPPORTED for anything but a count of a kind that Azure has */
export function blockCount(request: BlockRequest | undefined): BlockCount | undefined {
  if (request === undefined) return undefined;
  if ("cidrs" in request) throw notSupported("assign addresses of the caller's choice");
  mustBeSupported(request.kind, "assign");
  return request.count === 0 ? undefined : request;
}

/** @throws NOT_SUPPORTED */
export function mustBeRemovable(cidr: Cidr): void {
  mustBeSupported({ family: cidrFamily(cidr), prefixLength: prefixLength(cidr) }, "unassign");
}

/** One that ARM is asked for: it chooses the address. */
export function newConfiguration(name: string, { prefixLength: length }: BlockKind, subnetId: string): IpConfiguration {
  return {
    name,
    properties: {
      privateIPAllocationMethod: "Dynamic",
      privateIPAddressVersion: "IPv4",
      primary: false,
      subnet: { id: subnetId },
      ...(length === 32 ? {} : { privateIPAddressPrefixLength: length }),
    },
  };
}

/** The configurations that podwire made. The primary one never is among them. */
export function ownConfigurations(own: NetworkInterface, names: OwnedNames): readonly IpConfiguration[] {
  return own.properties.ipConfigurations.filter(
    ({ name, properties }) => properties.primary !== true && names.ownsConfiguration(name),
  );
}

/** The blocks of podwire's configurations. @throws INVALID_ADDRESS when ARM's texts are none */
export function blocksOf(own: NetworkInterface, names: OwnedNames): readonly Cidr[] {
  return ownConfigurations(own, names).flatMap((configuration) => blockOf(configuration) ?? []);
}

/** Undefined while ARM has not given it an address. */
export function blockOf({ properties }: IpConfiguration): Cidr | undefined {
  const { privateIPAddress: text, privateIPAddressPrefixLength: length } = properties;
  if (text === undefined) return undefined;
  if (text.includes("/")) return parseCidr(text);
  const address = parseAddress(text);
  return length === undefined ? hostCidr(address) : cidrOf(address, length);
}

function mustBeSupported({ family, prefixLength: length }: BlockKind, verb: string): void {
  if (supportedKinds.some((kind) => kind.family === family && kind.prefixLength === length)) return;
  throw notSupported(`${verb} IPv${family} blocks /${length}`);
}

export function notSupported(what: string): PodwireError {
  return new PodwireError("NOT_SUPPORTED", `the Azure adapter does not ${what}`);
}
