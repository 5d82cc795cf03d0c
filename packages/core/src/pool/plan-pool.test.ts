import { describe, expect, test } from "vitest";
import { type Cidr, parseCidr } from "../address/cidr.ts";
import { planPool } from "./plan-pool.ts";
import type { BlockCounts, PoolCounts } from "./pool-counts.ts";
import {
  excessOf,
  type PlannedInterface,
  type PlannedSubnet,
  type PoolSituation,
  type PoolTargets,
  shortageOf,
} from "./situation.ts";
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
    overdue: 0,
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
    busySinceMs: undefined,
    growthRests: false,
    releaseRests: false,
    freeSlots,
    idleSinceMs: undefined,
    blocks: [],
    ...more,
  };
}

function situation(more: Partial<PoolSituation>): PoolSituation {
  return {
    family: 4,
    targets: targets(8),
    counts: counts({}),
    waiters: 0,
    excessSinceMs: undefined,
    blockKinds: [address],
    interfaces: [eni("eni-a", 9)],
    coming: [],
    newInterfaces: 0,
    slotsPerNewInterface: 9,
    subnets: [subnet("subnet-a", 100)],
    ...more,
  };
}

function targets(warm: number, minimum = 0, maximum?: number): PoolTargets {
  return { warm, warmPrefixes: 0, warmInterfaces: 0, minimum, maximum, releaseHoldMs: 180_000 };
}

function subnet(id: string, freeAddresses: number | undefined, more: Partial<PlannedSubnet> = {}): PlannedSubnet {
  return { id, freeAddresses, exhausted: false, fragmented: false, takesInterfaces: true, ...more };
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
    ["with a call in flight", eni("eni-a", 9, { busySinceMs: nowMs })],
    ["that rests after it refused to grow", eni("eni-a", 9, { growthRests: true })],
    ["without a free slot", eni("eni-a", 0)],
  ])("plans nothing for an interface %s", (_name, candidate) => {
    expect(planPool(situation({ interfaces: [candidate] }), nowMs)).toEqual([]);
  });

  test.each([{ busySinceMs: nowMs }, { growthRests: true }])(
    "goes on beside an interface that cannot take part: %j",
    (state) => {
      const interfaces = [eni("eni-a", 9, state), eni("eni-b", 9, { ordinal: 2 })];
      expect(planPool(situation({ interfaces }), nowMs)).toEqual([
        { kind: "assign", interfaceId: "eni-b", blockKind: address, count: 8 },
      ]);
    },
  );

  test("leaves a subnet alone that was seen exhausted", () => {
    const subnets = [subnet("subnet-a", 100, { exhausted: true })];
    expect(planPool(situation({ subnets, newInterfaces: 1 }), nowMs)).toEqual([]);
  });

  test("creates interfaces with their addresses for what is still missing, in the subnet with most free addresses", () => {
    const subnets = [
      subnet("subnet-a", 40),
      subnet("subnet-b", 50),
      subnet("subnet-c", 90, { exhausted: true }),
      subnet("subnet-d", 90, { takesInterfaces: false }),
    ];
    const wanted = situation({ targets: targets(25), subnets, newInterfaces: 3 });
    expect(planPool(wanted, nowMs)).toEqual([
      { kind: "assign", interfaceId: "eni-a", blockKind: address, count: 9 },
      { kind: "create-interface", subnetId: "subnet-b", blockKind: address, count: 9 },
      { kind: "create-interface", subnetId: "subnet-b", blockKind: address, count: 7 },
    ]);
  });

  test("spreads new interfaces over subnets as what they are asked for leaves more in others", () => {
    const subnets = [subnet("subnet-a", 45), subnet("subnet-b", 50)];
    const wanted = situation({ targets: targets(27), subnets, newInterfaces: 3, interfaces: [] });
    expect(planPool(wanted, nowMs).map((action) => "subnetId" in action && action.subnetId)).toEqual([
      "subnet-b",
      "subnet-a",
      "subnet-b",
    ]);
  });

  test.each([
    ["asks a subnet for no more than it was seen to have", 5, [5]],
    ["asks for one where none was seen: that may be old", 0, [1]],
    ["asks for all where nobody counts", undefined, [8]],
  ])("%s", (_name, free, expected) => {
    const plan = planPool(situation({ subnets: [subnet("subnet-a", free)] }), nowMs);
    expect(plan.map((action) => "count" in action && action.count)).toEqual(expected);
  });

  const busy = (freeSlots: number, sinceMs: number) => [eni("eni-a", freeSlots, { busySinceMs: sinceMs })];

  test.each([
    ["waits for a call in flight when the interface has room for the rest", busy(8, nowMs - 4_999), [], []],
    ["creates an interface for what it has no room for", busy(5, nowMs - 4_999), [], [3]],
    ["or when the call takes too long", busy(8, nowMs - 5_000), [], [8]],
    ["waits for an interface that is being created", [], [{ sinceMs: nowMs - 14_999, freeSlots: 8 }], []],
    ["not for one whose creation takes too long", [], [{ sinceMs: nowMs - 15_000, freeSlots: 8 }], [8]],
  ])("%s", (_name, interfaces, coming, expected) => {
    const plan = planPool(situation({ interfaces, coming, newInterfaces: 1 }), nowMs);
    expect(plan.map((action) => action.kind === "create-interface" && action.count)).toEqual(expected);
  });

  test("asks for whole prefixes, and for none that the maximum has no room for", () => {
    const kinds = { blockKinds: [prefix, address] };
    const count = (wanted: PoolSituation) => planPool(wanted, nowMs).map((action) => "count" in action && action.count);
    expect(count(situation({ ...kinds, targets: targets(17) }))).toEqual([2]);
    expect(count(situation({ ...kinds, targets: targets(17, 0, 20) }))).toEqual([1]);
    expect(count(situation({ blockKinds: [prefix], targets: targets(17, 0, 15) }))).toEqual([]);
  });

  test.each([
    ["in a subnet in pieces", [subnet("subnet-a", 100, { fragmented: true })], targets(8)],
    ["under a maximum that has no room for a prefix", [subnet("subnet-a", 100)], targets(8, 0, 8)],
  ])("asks for single addresses %s", (_name, subnets, wanted) => {
    const plan = planPool(situation({ blockKinds: [prefix, address], subnets, targets: wanted }), nowMs);
    expect(plan).toEqual([{ kind: "assign", interfaceId: "eni-a", blockKind: address, count: 8 }]);
  });

  test("takes one block of IPv6, whatever the targets are, and a second one never", () => {
    const blockKinds = [{ family: 6, prefixLength: 80 }] as const;
    for (const wanted of [targets(8), targets(8, 0, 10), { ...targets(8), warmInterfaces: 2, warmPrefixes: 9 }]) {
      const plan = planPool(situation({ family: 6, blockKinds, targets: wanted }), nowMs);
      expect(plan).toEqual([{ kind: "assign", interfaceId: "eni-a", blockKind: blockKinds[0], count: 1 }]);
    }
    const held = counted([blockOf(parseCidr("2001:db8::/80"), { size: 2 ** 48, free: 2 ** 48 })]);
    const full = situation({ family: 6, blockKinds, targets: targets(8, 0, 10), counts: held, excessSinceMs: 0 });
    expect(planPool(full, nowMs)).toEqual([]);
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
    const interfaces = [eni("eni-a", 9), eni("eni-b", 9), eni("eni-c", 9, { busySinceMs: nowMs })];
    const wanted = situation({ ...held, targets: targets(2), counts: counted(blocks), interfaces });
    expect(planPool(wanted, nowMs)).toEqual([{ kind: "unassign", interfaceId: "eni-b", blocks: ["10.0.1.1/32"] }]);
  });

  test("takes from the youngest of those without pods, so that what stays free stands on the primary one", () => {
    const blocks = ["eni-a", "eni-b", "eni-c"].map((interfaceId, index) =>
      blockOf(parseCidr(`10.0.${index}.1/32`), { free: 1 }, { interfaceId }),
    );
    const interfaces = [eni("eni-b", 9, { ordinal: 2 }), eni("eni-c", 9, { ordinal: 3 }), eni("eni-a", 9)];
    const plan = (warm: number) =>
      planPool(situation({ ...held, targets: targets(warm), counts: counted(blocks), interfaces }), nowMs).map(
        (action) => "interfaceId" in action && action.interfaceId,
      );
    expect(plan(2)).toEqual(["eni-c"]);
    expect(plan(1)).toEqual(["eni-c", "eni-b"]);
  });

  test("takes from none that rests after it refused to give back, and grows it all the same", () => {
    const interfaces = [eni("eni-a", 9, { releaseRests: true })];
    expect(planPool(situation({ ...held, interfaces }), nowMs)).toEqual([]);
    expect(planPool(situation({ interfaces }), nowMs)).toMatchObject([{ kind: "assign", interfaceId: "eni-a" }]);
  });

  test("an interface that nothing needs goes as a whole, with all that is on it, the youngest first and one at a time", () => {
    const blocks = [
      blockOf(parseCidr("10.0.0.1/32"), { free: 1 }),
      blockOf(parseCidr("10.0.1.1/32"), { free: 1 }, { interfaceId: "eni-b" }),
      blockOf(parseCidr("10.0.2.1/32"), { free: 1 }, { interfaceId: "eni-c" }),
    ];
    const idle = { idleSinceMs: nowMs - 180_000, blocks: [parseCidr("10.0.2.1/32"), parseCidr("2001:db8::/80")] };
    const interfaces = [
      eni("eni-a", 9),
      eni("eni-b", 9, { ...idle, ordinal: 2, blocks: [] }),
      eni("eni-c", 9, { ...idle, ordinal: 3 }),
    ];
    const plan = (more: Partial<PoolSituation>) =>
      planPool(situation({ ...held, counts: counted(blocks), interfaces, ...more }), nowMs);
    const whole = { kind: "delete-interface", interfaceId: "eni-c", blocks: idle.blocks };
    expect(plan({ targets: targets(2) })).toEqual([whole]);
    expect(plan({ targets: targets(1) })).toEqual([
      whole,
      { kind: "unassign", interfaceId: "eni-b", blocks: ["10.0.1.1/32"] },
    ]);
    expect(plan({ targets: targets(3) })).toEqual([]);
    expect(plan({ targets: { ...targets(0), warmInterfaces: 1 }, slotsPerNewInterface: 3 })).toEqual([]);
  });

  test.each([
    ["nor one that is not idle long enough", { idleSinceMs: nowMs - 179_999 }],
    ["nor one that is being changed", { idleSinceMs: 0, busySinceMs: nowMs }],
    ["nor one that refused to go", { idleSinceMs: 0, releaseRests: true }],
  ])("never one that is in use, %s", (_name, more) => {
    const interfaces = [eni("eni-b", 9, more)];
    expect(planPool(situation({ targets: targets(0), interfaces }), nowMs)).toEqual([]);
  });

  test("an interface without any block goes too, when it is needed for nothing", () => {
    const interfaces = [eni("eni-b", 9, { idleSinceMs: nowMs - 180_000 })];
    expect(planPool(situation({ targets: targets(0), interfaces }), nowMs)).toEqual([
      { kind: "delete-interface", interfaceId: "eni-b", blocks: [] },
    ]);
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
