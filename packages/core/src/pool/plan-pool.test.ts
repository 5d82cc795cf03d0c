import { describe, expect, test } from "vitest";
import { type Cidr, parseCidr } from "../address/cidr.ts";
import { excessOf, type PlannedInterface, type PoolSituation, planPool, shortageOf } from "./plan-pool.ts";
import type { BlockCounts, PoolCounts } from "./pool-counts.ts";
import type { BlockState } from "./states.ts";

const address = { family: 4, prefixLength: 32 } as const;
const prefix = { family: 4, prefixLength: 28 } as const;
const nowMs = 1_000_000;

interface Blocks {
  /** Free, allocated and cooling blocks of one address each, on eni-a unless told otherwise. */
  readonly free?: number;
  readonly allocated?: number;
  readonly cooling?: number;
  readonly incoming?: number;
}

function blockOf(cidr: Cidr, use: Partial<BlockCounts>, where: { interfaceId?: string; state?: BlockState } = {}) {
  const block = { cidr, interfaceId: "eni-a", state: "ready" as const, sinceMs: 0, ...where };
  return { block, size: 1, allocated: 0, cooling: 0, excluded: 0, free: 0, ...use };
}

function counted(blocks: readonly BlockCounts[], incoming = 0): PoolCounts {
  const sum = (of: (counts: BlockCounts) => number) => blocks.reduce((total, counts) => total + of(counts), 0);
  return {
    blocks,
    incoming,
    total: sum(({ size }) => size) + incoming,
    available: sum(({ free }) => free),
    allocated: sum(({ allocated }) => allocated),
    cooling: sum(({ cooling }) => cooling),
    excluded: 0,
  };
}

function counts({ free = 0, allocated = 0, cooling = 0, incoming = 0 }: Blocks): PoolCounts {
  let next = 0;
  const some = (count: number, use: Partial<BlockCounts>) =>
    Array.from({ length: count }, () => blockOf(parseCidr(`10.0.0.${++next}/32`), use));
  return counted(
    [...some(free, { free: 1 }), ...some(allocated, { allocated: 1 }), ...some(cooling, { cooling: 1 })],
    incoming,
  );
}

function eni(id: string, freeSlots: number, more: Partial<PlannedInterface> = {}): PlannedInterface {
  return {
    id,
    ordinal: 1,
    subnetId: "subnet-a",
    busy: false,
    growthRests: false,
    releaseRests: false,
    freeSlots,
    ...more,
  };
}

function situation(more: Partial<PoolSituation>): PoolSituation {
  return {
    family: 4,
    targets: { warm: 8, minimum: 0, maximum: undefined, releaseHoldMs: 180_000 },
    counts: counts({}),
    waiters: 0,
    excessSinceMs: undefined,
    blockKinds: [address],
    interfaces: [eni("eni-a", 9)],
    newInterfaces: 0,
    slotsPerNewInterface: 9,
    subnets: [{ id: "subnet-a", freeAddresses: 100, exhausted: false }],
    ...more,
  };
}

function targets(warm: number, minimum = 0, maximum?: number) {
  return { warm, minimum, maximum, releaseHoldMs: 180_000 };
}

describe("the shortage", () => {
  test.each([
    ["warm addresses on an empty node", targets(8), {}, 0, 8],
    ["those in use come on top", targets(8), { allocated: 5, free: 8 }, 0, 0],
    ["a cooling address is not available", targets(8), { cooling: 3, free: 5 }, 0, 3],
    ["one on its way is not asked for again", targets(8), { free: 5, incoming: 3 }, 0, 0],
    ["each waiter needs one more", targets(2), { allocated: 4 }, 3, 5],
    ["the minimum counts addresses in use", targets(0, 10), { allocated: 4, free: 1 }, 0, 5],
    ["the larger of warm and minimum", targets(4, 6), { allocated: 3 }, 0, 4],
    ["never above the maximum", targets(8, 0, 10), { allocated: 7 }, 0, 3],
    ["nothing when the maximum is reached", targets(8, 0, 7), { allocated: 7 }, 5, 0],
    ["nothing when more is held than the maximum", targets(8, 0, 3), { allocated: 7 }, 5, 0],
  ])("%s", (_name, wanted, blocks, waiters, expected) => {
    expect(shortageOf(situation({ targets: wanted, counts: counts(blocks), waiters }))).toBe(expected);
  });
});

describe("the excess", () => {
  test.each([
    ["what is free beyond warm", targets(2), { free: 5, allocated: 3 }, 0, 3],
    ["but not below the minimum", targets(0, 6), { free: 5, allocated: 3 }, 0, 2],
    ["none while somebody waits", targets(0), { free: 5 }, 1, 0],
    ["none while more are on their way", targets(0), { free: 5, incoming: 1 }, 0, 0],
    ["a cooling address cannot go", targets(0), { cooling: 5 }, 0, 0],
  ])("%s", (_name, wanted, blocks, waiters, expected) => {
    expect(excessOf(situation({ targets: wanted, counts: counts(blocks), waiters }))).toBe(expected);
  });
});

describe("growth", () => {
  test("fills interfaces that exist, one call each, the lowest ordinal first", () => {
    const interfaces = [eni("eni-b", 9, { ordinal: 2 }), eni("eni-a", 3)];
    expect(planPool(situation({ interfaces }), nowMs)).toEqual([
      { kind: "assign", interfaceId: "eni-a", blockKind: address, count: 3 },
      { kind: "assign", interfaceId: "eni-b", blockKind: address, count: 5 },
    ]);
  });

  test.each([
    ["with a call in flight", eni("eni-a", 9, { busy: true })],
    ["that rests after it refused to grow", eni("eni-a", 9, { growthRests: true })],
    ["without a free slot", eni("eni-a", 0)],
  ])("plans nothing for an interface %s", (_name, candidate) => {
    expect(planPool(situation({ interfaces: [candidate] }), nowMs)).toEqual([]);
  });

  test.each([{ busy: true }, { growthRests: true }])(
    "goes on beside an interface that cannot take part: %j",
    (state) => {
      const interfaces = [eni("eni-a", 9, state), eni("eni-b", 9, { ordinal: 2 })];
      expect(planPool(situation({ interfaces }), nowMs)).toEqual([
        { kind: "assign", interfaceId: "eni-b", blockKind: address, count: 8 },
      ]);
    },
  );

  test("leaves a subnet alone that was seen exhausted", () => {
    const subnets = [{ id: "subnet-a", freeAddresses: 100, exhausted: true }];
    expect(planPool(situation({ subnets, newInterfaces: 1 }), nowMs)).toEqual([]);
  });

  test("creates interfaces with their addresses for what is still missing, in the subnet with most free addresses", () => {
    const subnets = [
      { id: "subnet-a", freeAddresses: 10, exhausted: false },
      { id: "subnet-b", freeAddresses: 50, exhausted: false },
      { id: "subnet-c", freeAddresses: 90, exhausted: true },
    ];
    const wanted = situation({ targets: targets(25), subnets, newInterfaces: 3 });
    expect(planPool(wanted, nowMs)).toEqual([
      { kind: "assign", interfaceId: "eni-a", blockKind: address, count: 9 },
      { kind: "create-interface", subnetId: "subnet-b", blockKind: address, count: 9 },
      { kind: "create-interface", subnetId: "subnet-b", blockKind: address, count: 7 },
    ]);
  });

  test("asks for whole prefixes, and for none that the maximum has no room for", () => {
    const kinds = { blockKinds: [prefix, address] };
    const count = (wanted: PoolSituation) => planPool(wanted, nowMs).map((action) => "count" in action && action.count);
    expect(count(situation({ ...kinds, targets: targets(17) }))).toEqual([2]);
    expect(count(situation({ ...kinds, targets: targets(17, 0, 20) }))).toEqual([1]);
    expect(count(situation({ ...kinds, targets: targets(17, 0, 15) }))).toEqual([]);
  });
});

describe("release", () => {
  const held = { counts: counts({ free: 4, allocated: 2 }), targets: targets(1), excessSinceMs: nowMs - 180_000 };

  test("gives back what is too much, once that has lasted the hold", () => {
    expect(planPool(situation(held), nowMs)).toEqual([
      { kind: "unassign", interfaceId: "eni-a", blocks: ["10.0.0.1/32", "10.0.0.2/32", "10.0.0.3/32"] },
    ]);
    expect(planPool(situation({ ...held, excessSinceMs: nowMs - 179_999 }), nowMs)).toEqual([]);
    expect(planPool(situation({ ...held, excessSinceMs: undefined }), nowMs)).toEqual([]);
  });

  test("takes from the interface with the fewest pods, so that it drains, and from none that is busy", () => {
    const blocks = [
      blockOf(parseCidr("10.0.0.1/32"), { free: 1 }),
      blockOf(parseCidr("10.0.0.2/32"), { allocated: 1 }),
      blockOf(parseCidr("10.0.1.1/32"), { free: 1 }, { interfaceId: "eni-b" }),
      blockOf(parseCidr("10.0.2.1/32"), { free: 1 }, { interfaceId: "eni-c" }),
    ];
    const interfaces = [eni("eni-a", 9), eni("eni-b", 9), eni("eni-c", 9, { busy: true })];
    const wanted = situation({ ...held, targets: targets(2), counts: counted(blocks), interfaces });
    expect(planPool(wanted, nowMs)).toEqual([{ kind: "unassign", interfaceId: "eni-b", blocks: ["10.0.1.1/32"] }]);
  });

  test("takes from none that rests after it refused to give back, and grows it all the same", () => {
    const interfaces = [eni("eni-a", 9, { releaseRests: true })];
    expect(planPool(situation({ ...held, interfaces }), nowMs)).toEqual([]);
    expect(planPool(situation({ interfaces }), nowMs)).toMatchObject([{ kind: "assign", interfaceId: "eni-a" }]);
  });

  test("a prefix goes only when it is wholly free and small enough", () => {
    const prefixes = [
      blockOf(parseCidr("10.0.0.0/28"), { size: 16, free: 16 }),
      blockOf(parseCidr("10.0.0.16/28"), { size: 16, free: 15, allocated: 1 }),
    ];
    const plan = (warm: number) =>
      planPool(situation({ ...held, targets: targets(warm), counts: counted(prefixes) }), nowMs);
    expect(plan(15)).toEqual([{ kind: "unassign", interfaceId: "eni-a", blocks: ["10.0.0.0/28"] }]);
    expect(plan(16)).toEqual([]);
  });
});
