import { describe, expect, test } from "vitest";
import type { PoolCounts } from "./pool-counts.ts";
import { excessOf, type PoolSituation, shortageOf } from "./situation.ts";

/** Addresses of a node, and what its operator wants of them. */
interface Case {
  readonly used: number;
  readonly cooling?: number;
  readonly free: number;
  readonly waiters?: number;
  readonly warm: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** How many more are asked for (positive), or given back (negative). */
type Formula = (example: Case) => number;

/**
 * Amazon VPC CNI with WARM_IP_TARGET and MINIMUM_IP_TARGET (ipamd.go:2195-2207): an address that cools down counts as
 * available, pods that wait do not count at all.
 */
const amazon: Formula = ({ used, cooling = 0, free, warm, minimum = 0 }) => {
  const total = used + cooling + free;
  const available = total - used;
  const short = Math.max(warm - available, 0, minimum - total);
  const over = Math.max(Math.min(Math.max(available - warm, 0), total - minimum), 0);
  return short - over;
};

/**
 * Cilium's operator (pkg/ipam, node.go) with pre-allocate, min-allocate, max-allocate and max-above-watermark: what it
 * asks for when it asks is above the shortage by the watermark, and what is above that it keeps.
 */
const cilium =
  (maxAbove: number): Formula =>
  ({ used, cooling = 0, free, warm: preAllocate, minimum = 0, maximum = 0 }) => {
    const available = used + cooling + free;
    let needed = Math.max(preAllocate - (available - used), minimum > 0 ? minimum - available : 0, 0);
    if (maximum > 0 && available + needed > maximum) needed = Math.max(maximum - available, 0);
    if (needed > 0) return needed + maxAbove;
    return 0 - ciliumExcess({ available, used, preAllocate, minimum, maxAbove });
  };

interface CiliumNode {
  readonly available: number;
  readonly used: number;
  readonly preAllocate: number;
  readonly minimum: number;
  readonly maxAbove: number;
}

function ciliumExcess({ available, used, preAllocate, minimum, maxAbove }: CiliumNode): number {
  const watermark = minimum + maxAbove;
  if (used <= watermark) {
    if (available <= watermark) return 0;
    if (used + preAllocate <= watermark) return available - watermark;
  }
  return Math.max(available - used - preAllocate - maxAbove, 0);
}

const ours: Formula = (example) => {
  const situation = situationOf(example);
  const short = shortageOf(situation);
  return short > 0 ? short : 0 - excessOf(situation);
};

function situationOf({ used, cooling = 0, free, waiters = 0, warm, minimum = 0, maximum }: Case): PoolSituation {
  const counts: PoolCounts = {
    blocks: [],
    total: used + cooling + free,
    available: free,
    incoming: 0,
    overdue: 0,
    allocated: used,
    cooling,
    excluded: 0,
  };
  return {
    family: 4,
    targets: { warm, warmPrefixes: 0, warmInterfaces: 0, minimum, maximum, releaseHoldMs: 0 },
    counts,
    waiters,
    excessSinceMs: undefined,
    blockKinds: [{ family: 4, prefixLength: 32 }],
    interfaces: [],
    coming: [],
    newInterfaces: 0,
    slotsPerNewInterface: 0,
    subnets: [],
  };
}

interface Row {
  readonly what: string;
  readonly example: Case;
  readonly theirs: number;
  readonly ours: number;
}

describe("beside Amazon's formula", () => {
  test.each<Row>([
    { what: "the same on an empty node", example: { used: 0, free: 0, warm: 5 }, theirs: 5, ours: 5 },
    { what: "the same with pods", example: { used: 12, free: 2, warm: 5 }, theirs: 3, ours: 3 },
    { what: "the same minimum", example: { used: 3, free: 5, warm: 2, minimum: 10 }, theirs: 2, ours: 2 },
    { what: "the same excess", example: { used: 3, free: 9, warm: 2, minimum: 10 }, theirs: -2, ours: -2 },
    {
      what: "an address that cools down can serve nobody: ours asks for another (issues 1700, 2896)",
      example: { used: 10, cooling: 5, free: 0, warm: 5 },
      theirs: 0,
      ours: 5,
    },
    {
      what: "nor can it be given back: another node would get it while connections to it live",
      example: { used: 0, cooling: 8, free: 2, warm: 2 },
      theirs: -8,
      ours: 0,
    },
    {
      what: "pods that wait are asked for at once, not found out five seconds later",
      example: { used: 5, free: 0, waiters: 20, warm: 5 },
      theirs: 5,
      ours: 25,
    },
    {
      what: "nothing is asked for above the maximum; theirs has one only in pods",
      example: { used: 9, free: 0, warm: 5, maximum: 10 },
      theirs: 5,
      ours: 1,
    },
  ])("$what", ({ example, theirs, ours: own }) => {
    expect([amazon(example), ours(example)]).toEqual([theirs, own]);
  });
});

describe("beside Cilium's formula", () => {
  test.each<Row>([
    { what: "the same pre-allocation", example: { used: 4, free: 2, warm: 8 }, theirs: 6, ours: 6 },
    { what: "the same minimum", example: { used: 0, free: 0, warm: 4, minimum: 15 }, theirs: 15, ours: 15 },
    { what: "the same maximum", example: { used: 8, free: 0, warm: 8, maximum: 10 }, theirs: 2, ours: 2 },
    { what: "the same excess", example: { used: 4, free: 12, warm: 8 }, theirs: -4, ours: -4 },
    {
      what: "cooling addresses are none to hand out",
      example: { used: 4, cooling: 4, free: 4, warm: 8 },
      theirs: 0,
      ours: 4,
    },
  ])("$what", ({ example, theirs, ours: own }) => {
    expect([cilium(0)(example), ours(example)]).toEqual([theirs, own]);
  });

  /**
   * TestNodeManagerReleaseAddress: minimum 15, pre-allocate 4, watermark 4. Ours has no watermark: what keeps it from
   * asking and giving back in turns is the hold, which costs no addresses, so that it holds four fewer in each state.
   */
  test("its worked example ends with what it holds there, ours with four addresses fewer", () => {
    const held = { theirs: [] as number[], ours: [] as number[] };
    for (const [name, formula] of [["theirs", cilium(4)] as const, ["ours", ours] as const]) {
      let total = 0;
      for (const used of [0, 19, 10]) {
        total += formula({ used, free: total - used, warm: 4, minimum: 15 });
        held[name].push(total);
      }
    }
    expect(held).toEqual({ theirs: [19, 27, 19], ours: [15, 23, 15] });
  });
});

test("targets in whole interfaces and prefixes are Amazon's WARM_ENI_TARGET and WARM_PREFIX_TARGET in addresses", () => {
  const base = { ...situationOf({ used: 20, free: 3, warm: 0 }), slotsPerNewInterface: 14 };
  const targets = (more: object) => ({ ...base.targets, ...more });
  const prefixes = [{ family: 4, prefixLength: 28 } as const, { family: 4, prefixLength: 32 } as const];
  expect(shortageOf({ ...base, targets: targets({ warmInterfaces: 1 }) })).toBe(14 - 3);
  expect(shortageOf({ ...base, targets: targets({ warmPrefixes: 1 }) })).toBe(0);
  expect(shortageOf({ ...base, blockKinds: prefixes, targets: targets({ warmPrefixes: 2 }) })).toBe(32 - 3);
  expect(shortageOf({ ...base, blockKinds: prefixes, targets: targets({ warmInterfaces: 1 }) })).toBe(14 * 16 - 3);
});
