import { addressBits, type Family } from "../address/address.ts";
import type { Cidr } from "../address/cidr.ts";
import type { BlockKind } from "../provider/cloud-facts.ts";
import { type BlockCounts, isWhollyFree, type PoolCounts } from "./pool-counts.ts";

/** How many addresses of one family a pool is to hold. */
export interface PoolTargets {
  /** Free ones to keep ready beyond those in use. */
  readonly warm: number;
  /** To hold at least, in use or not. */
  readonly minimum: number;
  /** To hold at most; undefined = as many as the instance allows. */
  readonly maximum: number | undefined;
  /** How long there must be too many before any is given back. */
  readonly releaseHoldMs: number;
}

/** An interface of the pool as far as planning goes. */
export interface PlannedInterface {
  readonly id: string;
  readonly ordinal: number;
  readonly subnetId: string;
  /** A mutation of it is in flight: nothing is planned for it. */
  readonly busy: boolean;
  /** It rests after it refused to grow, or to give back. */
  readonly growthRests: boolean;
  readonly releaseRests: boolean;
  /** Blocks of the family it could hold beside those it holds. */
  readonly freeSlots: number;
}

export interface PlannedSubnet {
  readonly id: string;
  /** Free addresses as the cloud counts them; undefined = unknown. */
  readonly freeAddresses: number | undefined;
  /** It was seen exhausted and rests. */
  readonly exhausted: boolean;
}

/** One pool and family at one time: everything the plan depends on. */
export interface PoolSituation {
  readonly family: Family;
  readonly targets: PoolTargets;
  readonly counts: PoolCounts;
  readonly waiters: number;
  /** Since when `excessOf` has been above zero without a break; undefined = it is not. */
  readonly excessSinceMs: number | undefined;
  /** Of the family, the preferred first. */
  readonly blockKinds: readonly BlockKind[];
  readonly interfaces: readonly PlannedInterface[];
  /** How many more interfaces may be created, those under way taken off; 0 where the cloud adapter cannot. */
  readonly newInterfaces: number;
  readonly slotsPerNewInterface: number;
  readonly subnets: readonly PlannedSubnet[];
}

export type PoolAction =
  | { readonly kind: "assign"; readonly interfaceId: string; readonly blockKind: BlockKind; readonly count: number }
  | {
      readonly kind: "create-interface";
      readonly subnetId: string;
      readonly blockKind: BlockKind;
      readonly count: number;
    }
  | { readonly kind: "unassign"; readonly interfaceId: string; readonly blocks: readonly Cidr[] };

/**
 * What to ask the cloud for now. Pure; called again whenever anything changed, so it plans no second step: at most one
 * action an interface. Here, and nowhere else, is decided that an address is requested from the cloud or given back.
 */
export function planPool(situation: PoolSituation, nowMs: number): PoolAction[] {
  const shortage = shortageOf(situation);
  return shortage > 0 ? planGrowth(situation, shortage) : planRelease(situation, nowMs);
}

/** Addresses missing: clamp(max(minimum − total, warm + waiters − available − incoming, 0), 0, maximum − total). */
export function shortageOf({ targets, counts, waiters }: PoolSituation): number {
  const wanted = Math.max(
    targets.minimum - counts.total,
    targets.warm + waiters - counts.available - counts.incoming,
    0,
  );
  const room = (targets.maximum ?? Number.POSITIVE_INFINITY) - counts.total;
  return Math.max(Math.min(wanted, room), 0);
}

/** Addresses too many: as many as can go with `available ≥ warm` and `total ≥ minimum` still true. */
export function excessOf({ targets, counts, waiters }: PoolSituation): number {
  if (waiters > 0 || counts.incoming > 0) return 0;
  return Math.max(Math.min(counts.available - targets.warm, counts.total - targets.minimum), 0);
}

export function blockSize(kind: BlockKind): number {
  return 2 ** (addressBits(kind.family) - kind.prefixLength);
}

/** Interfaces that exist first, one call each; then new ones, created with their addresses. */
function planGrowth(situation: PoolSituation, shortage: number): PoolAction[] {
  const kind = situation.blockKinds[0];
  if (kind === undefined) return [];
  const actions: PoolAction[] = [];
  let missing = wholeBlocks(situation, kind, shortage);
  for (const candidate of growableInterfaces(situation)) {
    const count = Math.min(missing, candidate.freeSlots);
    if (count <= 0) break;
    actions.push({ kind: "assign", interfaceId: candidate.id, blockKind: kind, count });
    missing -= count;
  }
  const subnet = richestSubnet(situation.subnets);
  for (let created = 0; subnet !== undefined && missing > 0 && created < situation.newInterfaces; created++) {
    const count = Math.min(missing, situation.slotsPerNewInterface);
    if (count <= 0) break;
    actions.push({ kind: "create-interface", subnetId: subnet.id, blockKind: kind, count });
    missing -= count;
  }
  return actions;
}

/** Blocks that cover the shortage, as far as the maximum leaves room for whole ones. */
function wholeBlocks({ targets, counts }: PoolSituation, kind: BlockKind, shortage: number): number {
  const size = blockSize(kind);
  const room = (targets.maximum ?? Number.POSITIVE_INFINITY) - counts.total;
  return Math.min(Math.ceil(shortage / size), Math.floor(room / size));
}

function growableInterfaces({ interfaces, subnets }: PoolSituation): PlannedInterface[] {
  const exhausted = new Set(subnets.filter((subnet) => subnet.exhausted).map((subnet) => subnet.id));
  return interfaces
    .filter(({ busy, growthRests, freeSlots, subnetId }) => {
      return !busy && !growthRests && freeSlots > 0 && !exhausted.has(subnetId);
    })
    .sort((a, b) => a.ordinal - b.ordinal);
}

function richestSubnet(subnets: readonly PlannedSubnet[]): PlannedSubnet | undefined {
  return subnets
    .filter((subnet) => !subnet.exhausted && subnet.freeAddresses !== 0)
    .sort((a, b) => (b.freeAddresses ?? 0) - (a.freeAddresses ?? 0) || (a.id < b.id ? -1 : 1))[0];
}

/** Wholly free blocks that outlasted the hold, from the interface with the fewest pods first, so that it drains. */
function planRelease(situation: PoolSituation, nowMs: number): PoolAction[] {
  const { targets, excessSinceMs, counts } = situation;
  if (excessSinceMs === undefined || nowMs - excessSinceMs < targets.releaseHoldMs) return [];
  let spare = excessOf(situation);
  const idle = new Set(
    situation.interfaces.flatMap(({ id, busy, releaseRests }) => (busy || releaseRests ? [] : [id])),
  );
  const chosen = new Map<string, Cidr[]>();
  for (const candidate of releasableBlocks(counts.blocks, idle)) {
    if (candidate.size > spare) continue;
    spare -= candidate.size;
    const { interfaceId, cidr } = candidate.block;
    chosen.set(interfaceId, [...(chosen.get(interfaceId) ?? []), cidr]);
  }
  return [...chosen].map(([interfaceId, blocks]) => ({ kind: "unassign", interfaceId, blocks }));
}

function releasableBlocks(blocks: readonly BlockCounts[], idle: ReadonlySet<string>): BlockCounts[] {
  const pods = new Map<string, number>();
  for (const { block, allocated } of blocks) {
    pods.set(block.interfaceId, (pods.get(block.interfaceId) ?? 0) + allocated);
  }
  const podsOf = ({ block }: BlockCounts) => pods.get(block.interfaceId) ?? 0;
  return blocks
    .filter((counts) => counts.block.state === "ready" && idle.has(counts.block.interfaceId) && isWhollyFree(counts))
    .sort(
      (a, b) => podsOf(a) - podsOf(b) || b.block.sinceMs - a.block.sinceMs || (a.block.cidr < b.block.cidr ? -1 : 1),
    );
}
