import { PodwireError, quoteValue } from "../errors/podwire-error.ts";

declare const macBrand: unique symbol;

/** An Ethernet address as six lower-case pairs with colons. */
export type MacAddress = string & { readonly [macBrand]: true };

export function tryParseMac(text: string): MacAddress | undefined {
  return /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text) ? (text.toLowerCase() as MacAddress) : undefined;
}

/** @throws INVALID_ADDRESS */
export function parseMac(text: string, field = "MAC address"): MacAddress {
  const mac = tryParseMac(text);
  if (mac !== undefined) return mac;
  throw new PodwireError("INVALID_ADDRESS", `${field} ${quoteValue(text)} is not a MAC address`, {
    field,
    value: quoteValue(text),
  });
}

export function macBytes(mac: MacAddress): Uint8Array {
  return Uint8Array.from(mac.split(":"), (pair) => Number.parseInt(pair, 16));
}

/** @throws INVALID_ADDRESS unless `bytes` are 6 */
export function macFromBytes(bytes: Uint8Array): MacAddress {
  return parseMac(Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":"));
}
