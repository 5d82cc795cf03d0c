import { type Address, addressFromBytes, type Cidr, cidrOf, type Family } from "@podwire/core";
import { addressFamily } from "./constants.ts";

/** 4 → AF_INET, 6 → AF_INET6. */
export function addressFamilyNumber(family: Family): number {
  return family === 4 ? addressFamily.inet : addressFamily.inet6;
}

/** Undefined for every family that is not IP. */
export function familyFromNumber(number: number | undefined): Family | undefined {
  if (number === addressFamily.inet) return 4;
  return number === addressFamily.inet6 ? 6 : undefined;
}

/** Undefined when the bytes are not an address of the family. */
export function decodeAddress(family: Family, bytes: Buffer | undefined): Address | undefined {
  return bytes?.length === (family === 4 ? 4 : 16) ? addressFromBytes(bytes) : undefined;
}

/** The range of `length` around the address in `bytes`; an absent address is the all-zero one. */
export function decodeCidr(family: Family, bytes: Buffer | undefined, length: number): Cidr | undefined {
  const address = bytes === undefined ? unspecified[family] : decodeAddress(family, bytes);
  return address === undefined || length > (family === 4 ? 32 : 128) ? undefined : cidrOf(address, length);
}

const unspecified: Readonly<Record<Family, Address>> = {
  4: addressFromBytes(new Uint8Array(4)),
  6: addressFromBytes(new Uint8Array(16)),
};
