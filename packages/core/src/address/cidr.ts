import { PodwireError, quoteValue } from "../errors/podwire-error.ts";
import {
  type Address,
  addressBits,
  addressFromValue,
  addressValue,
  compareAddresses,
  type Family,
  familyOf,
  ipv4FromNumber,
  ipv4Number,
  tryParseAddress,
} from "./address.ts";

declare const cidrBrand: unique symbol;

/** A range `network/length` as its one canonical text, host bits zero. Made only by the functions of this file. */
export type Cidr = string & { readonly [cidrBrand]: true };

/** The range in `text`, or undefined. Strict: canonical length digits, host bits zero. */
export function tryParseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf("/");
  const address = slash < 0 ? undefined : tryParseAddress(text.slice(0, slash));
  const digits = text.slice(slash + 1);
  if (address === undefined || !/^(0|[1-9]\d{0,2})$/.test(digits)) return undefined;
  const length = Number(digits);
  if (length > addressBits(familyOf(address))) return undefined;
  const cidr = cidrOf(address, length);
  return networkAddress(cidr) === address ? cidr : undefined;
}

/** @throws INVALID_ADDRESS */
export function parseCidr(text: string, field = "CIDR"): Cidr {
  const cidr = tryParseCidr(text);
  if (cidr !== undefined) return cidr;
  throw new PodwireError("INVALID_ADDRESS", `${field} ${quoteValue(text)} is not a CIDR with its host bits zero`, {
    field,
    value: quoteValue(text),
  });
}

/** The range of the given length that holds `address`. @throws INVALID_ADDRESS when the length does not fit */
export function cidrOf(address: Address, length: number): Cidr {
  const family = familyOf(address);
  const bits = addressBits(family);
  if (!Number.isInteger(length) || length < 0 || length > bits) {
    throw new PodwireError("INVALID_ADDRESS", `prefix length ${length} is outside 0…${bits}`, { value: `${length}` });
  }
  if (family === 4) {
    const size = 2 ** (32 - length);
    return `${ipv4FromNumber(Math.floor(ipv4Number(address) / size) * size)}/${length}` as Cidr;
  }
  const shift = BigInt(bits - length);
  const network = addressFromValue(family, (addressValue(address) >> shift) << shift);
  return `${network}/${length}` as Cidr;
}

/** `address` as a range of one: /32 or /128. */
export function hostCidr(address: Address): Cidr {
  return `${address}/${addressBits(familyOf(address))}` as Cidr;
}

export function networkAddress(cidr: Cidr): Address {
  return cidr.slice(0, cidr.indexOf("/")) as Address;
}

export function prefixLength(cidr: Cidr): number {
  return Number(cidr.slice(cidr.indexOf("/") + 1));
}

export function cidrFamily(cidr: Cidr): Family {
  return cidr.includes(":") ? 6 : 4;
}

/** How many addresses the range holds. */
export function cidrSize(cidr: Cidr): bigint {
  return 1n << BigInt(addressBits(cidrFamily(cidr)) - prefixLength(cidr));
}

/** The address at `index` (0 = network address). @throws INVALID_ADDRESS when the range is shorter */
export function addressAt(cidr: Cidr, index: bigint): Address {
  if (index < 0n || index >= cidrSize(cidr)) {
    throw new PodwireError("INVALID_ADDRESS", `${cidr} has no address at index ${index}`, { value: String(index) });
  }
  const network = networkAddress(cidr);
  if (cidrFamily(cidr) === 4) return ipv4FromNumber(ipv4Number(network) + Number(index));
  return addressFromValue(6, addressValue(network) + index);
}

export function containsAddress(cidr: Cidr, address: Address): boolean {
  if (cidrFamily(cidr) !== familyOf(address)) return false;
  if (cidrFamily(cidr) === 6) return cidrOf(address, prefixLength(cidr)) === cidr;
  const offset = ipv4Number(address) - ipv4Number(networkAddress(cidr));
  return offset >= 0 && offset < 2 ** (32 - prefixLength(cidr));
}

export function containsCidr(outer: Cidr, inner: Cidr): boolean {
  return prefixLength(inner) >= prefixLength(outer) && containsAddress(outer, networkAddress(inner));
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  return containsCidr(a, b) || containsCidr(b, a);
}

/** By network address, the longer prefix last: a comparator for `sort`. */
export function compareCidrs(a: Cidr, b: Cidr): number {
  return compareAddresses(networkAddress(a), networkAddress(b)) || prefixLength(a) - prefixLength(b);
}
