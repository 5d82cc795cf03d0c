import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { type Address, addressBits, addressFromValue, addressValue, type Family, familyOf } from "./address.ts";
import {
  addressAt,
  type Cidr,
  cidrFamily,
  cidrOf,
  cidrSize,
  compareCidrs,
  containsAddress,
  containsCidr,
  hostCidr,
  networkAddress,
  overlaps,
  parseCidr,
  prefixLength,
  tryParseCidr,
} from "./cidr.ts";

/** The naive model: a family and the first and last value. */
interface Range {
  readonly family: Family;
  readonly first: bigint;
  readonly last: bigint;
}

/** Few distinct values, so that ranges meet often. */
const anyAddress = fc.constantFrom<Family>(4, 6).chain((family) => {
  const top = 1n << BigInt(addressBits(family));
  const near = fc.bigInt({ min: 0n, max: 64n });
  return fc
    .oneof(
      near,
      near.map((distance) => top - 1n - distance),
      fc.bigInt({ min: 0n, max: top - 1n }),
    )
    .filter((value) => family === 4 || value >> 32n !== 0xffffn)
    .map((value) => addressFromValue(family, value));
});
const anyCidr = anyAddress.chain((address) => {
  const bits = addressBits(familyOf(address));
  const length = fc.oneof(fc.integer({ min: 0, max: bits }), fc.integer({ min: bits - 7, max: bits }));
  return length.map((prefix) => cidrOf(address, prefix));
});

describe("a range", () => {
  it("survives its text", () => {
    fc.assert(
      fc.property(anyCidr, (cidr) => {
        expect(parseCidr(cidr)).toBe(cidr);
        expect(cidrOf(networkAddress(cidr), prefixLength(cidr))).toBe(cidr);
      }),
    );
  });

  it("begins where the model begins and is as large", () => {
    fc.assert(
      fc.property(anyAddress, fc.nat(128), (address, length) => {
        fc.pre(length <= addressBits(familyOf(address)));
        const cidr = cidrOf(address, length);
        const { first, last } = modelOf(address, length);
        expect(addressValue(networkAddress(cidr))).toBe(first);
        expect(cidrSize(cidr)).toBe(last - first + 1n);
        expect(cidrFamily(cidr)).toBe(familyOf(address));
      }),
    );
  });

  it("contains and overlaps what the model says", () => {
    fc.assert(
      fc.property(anyCidr, anyCidr, anyAddress, (a, b, address) => {
        const [rangeA, rangeB, host] = [rangeOf(a), rangeOf(b), rangeOf(hostCidr(address))];
        expect(containsAddress(a, address)).toBe(holds(rangeA, host));
        expect(containsCidr(a, b)).toBe(holds(rangeA, rangeB));
        expect(overlaps(a, b)).toBe(meet(rangeA, rangeB));
      }),
      { numRuns: 1000 },
    );
  });

  it("has exactly the addresses that its indexes name", () => {
    fc.assert(
      fc.property(anyCidr, fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), (cidr, seed) => {
        const index = seed % cidrSize(cidr);
        expect(addressValue(addressAt(cidr, index))).toBe(rangeOf(cidr).first + index);
        expect(() => addressAt(cidr, cidrSize(cidr))).toThrow("has no address at index");
        expect(() => addressAt(cidr, -1n)).toThrow("has no address at index");
      }),
    );
  });

  it("orders by family, first address, then length", () => {
    fc.assert(
      fc.property(anyCidr, anyCidr, (a, b) => {
        const key = (cidr: Cidr) => [cidrFamily(cidr), rangeOf(cidr).first, prefixLength(cidr)] as const;
        const expected = key(a).findIndex((part, at) => part !== key(b)[at]);
        const [partA, partB] = [key(a)[expected] ?? 0, key(b)[expected] ?? 0];
        expect(Math.sign(compareCidrs(a, b))).toBe(partA < partB ? -1 : partA > partB ? 1 : 0);
      }),
    );
  });
});

test.each([
  ["host bits", "10.0.0.1/24"],
  ["host bits of IPv6", "fd00::1/64"],
  ["no length", "10.0.0.0"],
  ["an empty length", "10.0.0.0/"],
  ["a length too long", "10.0.0.0/33"],
  ["a length too long for IPv6", "::/129"],
  ["a leading zero", "10.0.0.0/08"],
  ["a sign", "10.0.0.0/+8"],
  ["a mask", "10.0.0.0/255.0.0.0"],
  ["two lengths", "10.0.0.0/8/8"],
  ["white space", "10.0.0.0/8 "],
  ["a line feed", "10.0.0.0/8\n"],
  ["no address", "/8"],
  ["a fraction", "10.0.0.0/8.0"],
])("a text with %s is no range", (_, text) => {
  expect(tryParseCidr(text)).toBeUndefined();
  expect(() => parseCidr(text, "subnet")).toThrow(
    expect.objectContaining({ code: "INVALID_ADDRESS", field: "subnet" }),
  );
});

test.each([-1, 33, 1.5, Number.NaN])("an IPv4 range has no length of %d", (length) => {
  expect(() => cidrOf(addressFromValue(4, 0n), length)).toThrow(`prefix length ${length} is outside 0…32`);
});

test.each([
  ["::/0", 2n ** 128n],
  ["0.0.0.0/0", 2n ** 32n],
  ["10.0.0.0/28", 16n],
  ["10.0.0.7/32", 1n],
])("%s holds %i addresses", (text, size) => {
  expect(cidrSize(parseCidr(text))).toBe(size);
});

function rangeOf(cidr: Cidr): Range {
  return modelOf(networkAddress(cidr), prefixLength(cidr));
}

function modelOf(address: Address, length: number): Range {
  const size = 2n ** BigInt(addressBits(familyOf(address)) - length);
  const first = (addressValue(address) / size) * size;
  return { family: familyOf(address), first, last: first + size - 1n };
}

function holds(outer: Range, inner: Range): boolean {
  return outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last;
}

function meet(a: Range, b: Range): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}
