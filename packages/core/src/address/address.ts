import ipaddr from "ipaddr.js";
import { PodwireError, quoteValue } from "../errors/podwire-error.ts";

declare const addressBrand: unique symbol;

/**
 * An IP address as its one canonical text (dotted quad; RFC 5952 for IPv6), so that `===`, `Map` keys and JSON
 * work on it. Made only by the functions of this file.
 */
export type Address = string & { readonly [addressBrand]: true };

export type Family = 4 | 6;

export const families: readonly Family[] = [4, 6];

/** Width of an address of the family in bits: 32 or 128. */
export function addressBits(family: Family): 32 | 128 {
  return family === 4 ? 32 : 128;
}

const dottedQuad = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** The address in `text`, or undefined. Strict: no leading zeros, no zone, no IPv4-mapped IPv6, no white space. */
export function tryParseAddress(text: string): Address | undefined {
  if (dottedQuad.test(text)) return text as Address;
  if (!text.includes(":") || text.includes("%") || text.includes(".") || !ipaddr.IPv6.isValid(text)) return undefined;
  const parsed = ipaddr.IPv6.parse(text);
  return parsed.isIPv4MappedAddress() ? undefined : (parsed.toRFC5952String() as Address);
}

/**
 * @param field how the person who wrote the value names it
 * @throws INVALID_ADDRESS
 */
export function parseAddress(text: string, field = "address"): Address {
  const address = tryParseAddress(text);
  if (address !== undefined) return address;
  throw new PodwireError("INVALID_ADDRESS", `${field} ${quoteValue(text)} is not an IP address`, {
    field,
    value: quoteValue(text),
  });
}

export function familyOf(address: Address): Family {
  return address.includes(":") ? 6 : 4;
}

/** The address as an unsigned integer in network byte order. */
export function addressValue(address: Address): bigint {
  if (familyOf(address) === 4) return BigInt(ipv4Number(address));
  return ipaddr.IPv6.parse(address).parts.reduce((value, part) => (value << 16n) | BigInt(part), 0n);
}

/** An IPv4 address as an unsigned 32-bit number: cheap enough for every address of a pool, where bigint is not. */
export function ipv4Number(address: Address): number {
  let value = 0;
  let part = 0;
  for (let at = 0; at < address.length; at++) {
    const digit = address.charCodeAt(at) - 48;
    if (digit >= 0) {
      part = part * 10 + digit;
    } else {
      value = value * 256 + part;
      part = 0;
    }
  }
  return value * 256 + part;
}

/** The other way round. `value` must be a whole number of 32 bits. */
export function ipv4FromNumber(value: number): Address {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}` as Address;
}

/** @throws INVALID_ADDRESS when `value` does not fit the family */
export function addressFromValue(family: Family, value: bigint): Address {
  const bits = BigInt(addressBits(family));
  if (value < 0n || value >> bits !== 0n) {
    throw new PodwireError("INVALID_ADDRESS", `${value} is outside the IPv${family} address space`, {
      value: String(value),
    });
  }
  if (family === 4) return ipv4FromNumber(Number(value));
  const bytes = new Uint8Array(16);
  for (let i = bytes.length - 1, rest = value; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return addressFromBytes(bytes);
}

/** 4 or 16 bytes in network byte order. */
export function addressBytes(address: Address): Uint8Array {
  return Uint8Array.from(ipaddr.parse(address).toByteArray());
}

/** @throws INVALID_ADDRESS unless `bytes` are 4 or 16 */
export function addressFromBytes(bytes: Uint8Array): Address {
  if (bytes.length === 4) return bytes.join(".") as Address;
  if (bytes.length === 16) return new ipaddr.IPv6(Array.from(bytes)).toRFC5952String() as Address;
  throw new PodwireError("INVALID_ADDRESS", `an address has 4 or 16 bytes, not ${bytes.length}`);
}

/** IPv4 before IPv6, then by value: a comparator for `sort`. */
export function compareAddresses(a: Address, b: Address): number {
  const family = familyOf(a);
  if (family !== familyOf(b)) return family - familyOf(b);
  if (family === 4) return ipv4Number(a) - ipv4Number(b);
  const difference = addressValue(a) - addressValue(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
