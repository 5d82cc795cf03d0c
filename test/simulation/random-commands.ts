import type { FaultEffect, HostFault, MemoryAction } from "@podwire/testkit";
import fc from "fast-check";

/** What the node is like. */
export interface Shape {
  readonly families: readonly (4 | 6)[];
  readonly prefixes: boolean;
  readonly warm: number;
  readonly minimum: number;
  readonly latencyMs: number;
}

export type PoolName = "default" | "web";

/** What others do in the cloud. */
export type Meddling =
  | { readonly kind: "occupy"; readonly subnet: number; readonly leave: number }
  | { readonly kind: "fragment"; readonly subnet: number }
  | { readonly kind: "mend" }
  | { readonly kind: "steal"; readonly index: number }
  | { readonly kind: "detach"; readonly index: number };

export type Command =
  | Meddling
  | { readonly kind: "add"; readonly pod: number; readonly pool: PoolName }
  | { readonly kind: "del"; readonly pod: number; readonly pool: PoolName }
  | { readonly kind: "burst"; readonly first: number; readonly count: number; readonly pool: PoolName }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "fault"; readonly action: MemoryAction; readonly effect: FaultEffect; readonly times: number }
  | { readonly kind: "lag"; readonly ms: number }
  | { readonly kind: "kill" }
  /** The kernel refuses something once. */
  | { readonly kind: "kernel"; readonly fault: HostFault }
  /** So many commits fail. */
  | { readonly kind: "disk"; readonly commits: number };

export const shapes: fc.Arbitrary<Shape> = fc.record({
  families: fc.constantFrom([4] as const, [4, 6] as const),
  prefixes: fc.boolean(),
  warm: fc.integer({ min: 0, max: 5 }),
  minimum: fc.integer({ min: 0, max: 4 }),
  latencyMs: fc.constantFrom(0, 400, 3_000),
});

export const podsOfAPool = 14;

const pool = fc.constantFrom<PoolName>("default", "web");
const pod = fc.integer({ min: 0, max: podsOfAPool - 1 });

const effect = fc.oneof(
  fc
    .constantFrom("CLOUD_THROTTLED", "CLOUD_UNREACHABLE", "CLOUD_PERMISSION", "CLOUD_CONFLICT", "INTERNAL")
    .map((code): FaultEffect => ({ kind: "fail", code })),
  fc.constant<FaultEffect>({ kind: "lose-answer" }),
  fc.constantFrom(1_000, 20_000, 70_000).map((delayMs): FaultEffect => ({ kind: "delay", delayMs, when: "after" })),
  fc.constantFrom(2_000, 20_000).map((delayMs): FaultEffect => ({ kind: "delay", delayMs })),
  fc.constantFrom(0, 1, 3).map((atMost): FaultEffect => ({ kind: "partial", atMost })),
);

const action = fc.constantFrom<MemoryAction>(
  "changeBlocks",
  "changeBlocks",
  "createInterface",
  "createInterface",
  "deleteInterface",
  "describe",
  "network",
);

const hostFault: fc.Arbitrary<HostFault> = fc.record({
  operation: fc.constantFrom("attach", "detach", "converge"),
  when: fc.constantFrom("before", "after"),
});

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("add" as const), pod, pool }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("del" as const), pod, pool }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("burst" as const),
      first: pod,
      count: fc.integer({ min: 2, max: 12 }),
      pool,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(30, 700, 4_000, 20_000, 90_000) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("fault" as const),
      action,
      effect,
      times: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("lag" as const), ms: fc.constantFrom(0, 2_000, 15_000) }) },
  { weight: 3, arbitrary: fc.constant({ kind: "kill" } as const) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("occupy" as const), subnet: fc.nat(2), leave: fc.nat(3) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("fragment" as const), subnet: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.constant({ kind: "mend" } as const) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("steal" as const), index: fc.nat(40) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("detach" as const), index: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("kernel" as const), fault: hostFault }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("disk" as const), commits: fc.integer({ min: 1, max: 3 }) }) },
);

export const commands = fc.array(command, { maxLength: 60, size: "max" });
