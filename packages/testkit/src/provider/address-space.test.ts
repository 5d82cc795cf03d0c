import { type Cidr, cidrOf, containsCidr, hostCidr, overlaps, parseAddress, parseCidr } from "@podwire/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { AddressSpace, subnetSpace } from "./address-space.ts";

const subnet = parseCidr("10.0.0.0/26");
const block = fc
  .tuple(fc.integer({ min: 0, max: 79 }), fc.integer({ min: 28, max: 32 }))
  .map(([last, length]) => cidrOf(parseAddress(`10.0.0.${last}`), length));
const step = fc.oneof(
  fc.record({ take: fc.integer({ min: 28, max: 32 }) }),
  fc.record({ claim: block }),
  fc.record({ release: fc.nat(20) }),
);

test("a space agrees with a list of what is taken, over any sequence of steps", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const space = new AddressSpace(subnet);
      let taken: readonly Cidr[] = [];
      for (const one of steps) {
        if ("take" in one) {
          const expected = firstFree(taken, one.take);
          expect(space.take(one.take)).toBe(expected);
          if (expected !== undefined) taken = [...taken, expected];
        } else if ("claim" in one) {
          const free = containsCidr(subnet, one.claim) && !taken.some((other) => overlaps(other, one.claim));
          expect([space.isFree(one.claim), space.claim(one.claim)]).toEqual([free, free]);
          if (free) taken = [...taken, one.claim];
        } else {
          const gone = taken[one.release];
          if (gone !== undefined) space.release(gone);
          taken = taken.filter((other) => other !== gone);
        }
        expect(space.freeCount).toBe(64 - taken.reduce((sum, cidr) => sum + sizeOf(cidr), 0));
      }
    }),
  );
});

test("a subnet keeps the cloud's own addresses", () => {
  const space = subnetSpace(parseCidr("10.0.0.0/28"), 4, 1);
  expect(space.freeCount).toBe(11);
  expect(space.take(32)).toBe("10.0.0.4/32");
  expect(space.claim(hostCidr(parseAddress("10.0.0.15")))).toBe(false);
});

test("IPv6 prefixes are found in a /64, and its size does not overflow", () => {
  const space = new AddressSpace(parseCidr("2001:db8::/64"));
  expect([space.take(80), space.take(80), space.take(128)]).toEqual([
    "2001:db8::/80",
    "2001:db8:0:0:1::/80",
    "2001:db8:0:0:2::/128",
  ]);
  expect(space.freeCount).toBe(Number.MAX_SAFE_INTEGER);
  expect(space.claim(subnet)).toBe(false);
});

test("a fragmented space has single addresses and no block, until they are given back", () => {
  const space = new AddressSpace(subnet);
  space.claim(parseCidr("10.0.0.16/28"));
  const giveBack = space.fragment(28);
  expect([space.take(28), space.freeCount, space.take(32)]).toEqual([undefined, 45, "10.0.0.1/32"]);
  giveBack();
  expect([space.take(28), space.freeCount]).toEqual(["10.0.0.32/28", 31]);
});

function firstFree(taken: readonly Cidr[], length: number): Cidr | undefined {
  for (let last = 0; last < 64; last += 2 ** (32 - length)) {
    const candidate = cidrOf(parseAddress(`10.0.0.${last}`), length);
    if (!taken.some((other) => overlaps(other, candidate))) return candidate;
  }
  return undefined;
}

function sizeOf(cidr: Cidr): number {
  return 2 ** (32 - Number(cidr.split("/")[1]));
}
