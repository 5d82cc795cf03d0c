import type { Cidr } from "../address/cidr.ts";
import type { PoolAction } from "./pool-action.ts";
import { type BlockCounts, isWhollyFree } from "./pool-counts.ts";
import { excessOf, type PlannedInterface, type PoolSituation } from "./situation.ts";

/**
 * What outlasted the hold goes back: whole interfaces first (one operation for all that is on them), then wholly free
 * blocks, from the interface with the fewest pods first and of those from the youngest, so that it drains. Pure.
 */
export function planRelease(situation: PoolSituation, nowMs: number): PoolAction[] {
  const budget: Budget = { spare: hasHeld(situation, nowMs) ? excessOf(situation) : 0, deleted: new Set() };
  return [...planDeletions(situation, budget, nowMs), ...planUnassignments(situation, budget)];
}

/**
 * What could go if the hold were over: the excess, when some block is wholly free and no larger. The rest of a prefix
 * that pods use is too much for good, and must not make the hold of the next prefix begin before it is free.
 */
export function surplusOf(situation: PoolSituation): number {
  const excess = excessOf(situation);
  return releasableBlocks(situation).some(({ size }) => size <= excess) ? excess : 0;
}

/** Addresses that may still go; moved on as the plan grows. */
interface Budget {
  spare: number;
  readonly deleted: Set<string>;
}

function hasHeld({ targets, excessSinceMs }: PoolSituation, nowMs: number): boolean {
  return excessSinceMs !== undefined && nowMs - excessSinceMs >= targets.releaseHoldMs;
}

/**
 * One at a time, for every family has a say in it: the plan after it sees what is left. The youngest first: it is the
 * one that the others can do without.
 */
function planDeletions(situation: PoolSituation, budget: Budget, nowMs: number): PoolAction[] {
  const { releaseHoldMs } = situation.targets;
  for (const one of [...situation.interfaces].sort((a, b) => b.ordinal - a.ordinal)) {
    const { id, idleSinceMs, blocks } = one;
    if (!isIdle(one) || idleSinceMs === undefined || nowMs - idleSinceMs < releaseHoldMs) continue;
    const size = addressesOn(situation, id);
    if (size > budget.spare) continue;
    budget.spare -= size;
    budget.deleted.add(id);
    return [{ kind: "delete-interface", interfaceId: id, blocks }];
  }
  return [];
}

function isIdle({ busySinceMs, releaseRests }: PlannedInterface): boolean {
  return busySinceMs === undefined && !releaseRests;
}

/** Of the family that is being planned. */
function addressesOn({ counts }: PoolSituation, interfaceId: string): number {
  return counts.blocks.reduce((sum, { block, size }) => sum + (block.interfaceId === interfaceId ? size : 0), 0);
}

function planUnassignments(situation: PoolSituation, budget: Budget): PoolAction[] {
  const idle = new Set(situation.interfaces.filter(isIdle).map(({ id }) => id));
  const chosen = new Map<string, Cidr[]>();
  for (const { block, size } of releasableBlocks(situation)) {
    if (size > budget.spare || !idle.has(block.interfaceId) || budget.deleted.has(block.interfaceId)) continue;
    budget.spare -= size;
    chosen.set(block.interfaceId, [...(chosen.get(block.interfaceId) ?? []), block.cidr]);
  }
  return [...chosen].map(([interfaceId, blocks]) => ({ kind: "unassign", interfaceId, blocks }));
}

function releasableBlocks({ counts: { blocks }, interfaces }: PoolSituation): BlockCounts[] {
  const pods = new Map<string, number>();
  for (const { block, allocated } of blocks) {
    pods.set(block.interfaceId, (pods.get(block.interfaceId) ?? 0) + allocated);
  }
  const ordinals = new Map(interfaces.map(({ id, ordinal }) => [id, ordinal]));
  const podsOf = ({ block }: BlockCounts) => pods.get(block.interfaceId) ?? 0;
  const ordinalOf = ({ block }: BlockCounts) => ordinals.get(block.interfaceId) ?? 0;
  return blocks
    .filter((counts) => counts.block.state === "ready" && isWhollyFree(counts))
    .sort(
      (a, b) =>
        podsOf(a) - podsOf(b) ||
        ordinalOf(b) - ordinalOf(a) ||
        b.block.sinceMs - a.block.sinceMs ||
        (a.block.cidr < b.block.cidr ? -1 : 1),
    );
}
