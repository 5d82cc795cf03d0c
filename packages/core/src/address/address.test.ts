import { isIP, SocketAddress } from "node:net";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { isPodwireError } from "../errors/podwire-error.ts";
import {
  type Address,
  addressBits,
  addressBytes,
  addressFromBytes,
  addressFromValue,
  addressValue,
  compareAddresses,
  families,
  familyOf,
  parseAddress,
  tryParseAddress,
} from "./address.ts";

const value4 = fc.bigInt({ min: 0n, max: 2n ** 32n - 1n });
const value6 = fc
  .oneof(
    fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
    // Runs of zero groups at every place, which is what RFC 5952 is about.
    fc
      .array(fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 0xffffn })), { minLength: 8, maxLength: 8 })
      .map(joined),
  )
  .filter((value) => value >> 32n !== 0xffffn);
const anyAddress = fc.oneof(
  value4.map((value) => addressFromValue(4, value)),
  value6.map((value) => addressFromValue(6, value)),
);

describe("an address", () => {
  it("survives text, value and bytes in both families", () => {
    fc.assert(
      fc.property(anyAddress, (address) => {
        expect(parseAddress(address)).toBe(address);
        expect(addressFromValue(familyOf(address), addressValue(address))).toBe(address);
        expect(addressFromBytes(addressBytes(address))).toBe(address);
        expect(addressBytes(address)).toHaveLength(addressBits(familyOf(address)) / 8);
      }),
    );
  });

  it("has the value that its bytes spell", () => {
    fc.assert(
      fc.property(anyAddress, (address) => {
        const spelled = addressBytes(address).reduce((value, byte) => value * 256n + BigInt(byte), 0n);
        expect(addressValue(address)).toBe(spelled);
      }),
    );
  });

  it("is written as the platform writes it, whatever spelling it came in", () => {
    fc.assert(
      fc.property(
        fc.ipV6().filter((text) => !text.includes(".")),
        fc.boolean(),
        (text, upper) => {
          const address = tryParseAddress(upper ? text.toUpperCase() : text);
          // Above ::ffff:ffff:ffff libuv and RFC 5952 agree; below it libuv writes dotted quads.
          fc.pre(address !== undefined && addressValue(address) >> 64n !== 0n);
          expect(address).toBe(new SocketAddress({ address: text, family: "ipv6" }).address);
        },
      ),
    );
  });

  it("orders as its value does, IPv4 before IPv6", () => {
    fc.assert(
      fc.property(anyAddress, anyAddress, (a, b) => {
        const key = (address: Address) => (BigInt(familyOf(address)) << 128n) + addressValue(address);
        const expected = key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0;
        expect(Math.sign(compareAddresses(a, b))).toBe(expected);
      }),
    );
  });

  it("is never accepted where the platform sees none", () => {
    const characters = fc.string({ unit: fc.constantFrom(..."0123456789abcfF:./%x "), maxLength: 45 });
    fc.assert(
      fc.property(fc.oneof(characters, fc.ipV6(), fc.ipV4Extended(), fc.string()), (text) => {
        if (tryParseAddress(text) !== undefined) expect(isIP(text)).not.toBe(0);
      }),
    );
  });
});

test.each([
  ["::", "::"],
  ["0:0:0:0:0:0:0:1", "::1"],
  ["2001:DB8::00AB", "2001:db8::ab"],
  ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
  ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
  ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
  ["fe80::", "fe80::"],
])("RFC 5952 writes %s as %s", (text, canonical) => {
  expect(parseAddress(text)).toBe(canonical);
});

test.each([
  ["nothing", ""],
  ["a leading zero", "10.0.0.01"],
  ["octal", "010.0.0.1"],
  ["hexadecimal", "0x0a.0.0.1"],
  ["three parts", "10.0.1"],
  ["one number", "167772161"],
  ["five parts", "10.0.0.0.1"],
  ["a part above 255", "10.0.0.256"],
  ["a dot at the end", "10.0.0.1."],
  ["white space before", " 10.0.0.1"],
  ["a line feed after", "10.0.0.1\n"],
  ["white space after IPv6", "::1 "],
  ["a length", "10.0.0.1/32"],
  ["digits of another script", "١٠.0.0.1"],
  ["a zone", "fe80::1%eth0"],
  ["IPv4-mapped IPv6, dotted", "::ffff:10.0.0.1"],
  ["IPv4-mapped IPv6, in groups", "::ffff:a00:1"],
  ["IPv4 inside IPv6", "64:ff9b::10.0.0.1"],
  ["nine groups", "1:2:3:4:5:6:7:8:9"],
  ["seven groups", "1:2:3:4:5:6:7"],
  ["two gaps", "1::2::3"],
  ["five digits", "12345::"],
  ["a gap of nothing", "1:2:3:4::5:6:7:8"],
  ["brackets", "[::1]"],
  ["100,000 digits", "1".repeat(100_000)],
])("%s is refused", (_, text) => {
  expect(tryParseAddress(text)).toBeUndefined();
});

test("a refused address is named with its field", () => {
  expect(() => parseAddress("10.0.0.256", "gateway")).toThrow('gateway "10.0.0.256" is not an IP address');
});

test.each([
  [4, -1n],
  [4, 2n ** 32n],
  [6, -1n],
  [6, 2n ** 128n],
] as const)("IPv%i has no address of value %i", (family, value) => {
  expect(() => addressFromValue(family, value)).toThrow(expect.objectContaining({ code: "INVALID_ADDRESS" }));
});

test.each([0, 3, 5, 15, 17])("%i bytes are no address", (length) => {
  const refused = capture(() => addressFromBytes(new Uint8Array(length)));
  expect(isPodwireError(refused, "INVALID_ADDRESS")).toBe(true);
});

test("both families are listed once", () => {
  expect(families).toEqual([4, 6]);
});

function joined(groups: readonly bigint[]): bigint {
  return groups.reduce((value, group) => (value << 16n) | group, 0n);
}

function capture(act: () => unknown): unknown {
  try {
    return act();
  } catch (thrown) {
    return thrown;
  }
}
