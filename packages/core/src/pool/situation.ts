import { addressBits, type Family } from "../address/address.ts";
import type { Cidr } from "../address/cidr.ts";
import type { BlockKind } from "../provider/cloud-facts.ts";
import type { PoolCounts } from "./pool-counts.ts";

/** How many addresses of one family a pool is to hold. */
export interface PoolTargets {
  /** Free ones to keep ready beyond those in use. */
  readonly warm: number;
  /** The same counted in prefixes, and in interfaces filled with addresses; the largest of the three counts. */
  readonly warmPrefixes: number;
  readonly warmInterfaces: number;
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
  /** A mutation of it has been in flight since then: nothing is planned for it. Undefined = none is. */
  readonly busySinceMs: number | undefined;
  /** It rests after it refused to grow, or to give back. */
  readonly growthRests: boolean;
  readonly releaseRests: boolean;
  /** Blocks of the family it could hold beside those it holds and those on their way to it. */
  readonly freeSlots: number;
  /**
   * Since when nothing of any family on it has been in use or cooling, so that it could go as a whole. Undefined = it
   * could not, or it must not: the primary one, for instance.
   */
  readonly idleSinceMs: number | undefined;
  /** Everything on it, of every family: what goes with it. */
  readonly blocks: readonly Cidr[];
}

export interface PlannedSubnet {
  readonly id: string;
  /** Free addresses as the cloud counts them; undefined = unknown. */
  readonly freeAddresses: number | undefined;
  /** It was seen exhausted and rests. */
  readonly exhausted: boolean;
  /** It was seen without room for a prefix; single addresses may still be had. */
  readonly fragmented: boolean;
  /** New interfaces of the pool may go there. */
  readonly takesInterfaces: boolean;
}

export interface ComingInterface {
  /** Begin of the operation. */
  readonly sinceMs: number;
  /** Blocks of the family it can hold beside those it is created with. */
  readonly freeSlots: number;
}

/** One pool and family at one time: everything the plan depends on. */
export interface PoolSituation {
  readonly family: Family;
  readonly targets: PoolTargets;
  readonly counts: PoolCounts;
  readonly waiters: number;
  /** Since when `surplusOf` has been above zero without a break; undefined = it is not. */
  readonly excessSinceMs: number | undefined;
  /** Of the family, the preferred first. */
  readonly blockKinds: readonly BlockKind[];
  readonly interfaces: readonly PlannedInterface[];
  /** Interfaces of the pool that are being created. */
  readonly coming: readonly ComingInterface[];
  /** How many more interfaces may be created, those under way taken off; 0 where the cloud adapter cannot. */
  readonly newInterfaces: number;
  readonly slotsPerNewInterface: number;
  readonly subnets: readonly PlannedSubnet[];
}

/** How many addresses a block of the kind holds. */
export function blockSize(kind: BlockKind): number {
  return 2 ** (addressBits(kind.family) - kind.prefixLength);
}

/**
 * The free addresses to keep ready, whatever they were counted in. Of IPv6 one block is more than a node can use, so
 * that whole prefixes and interfaces of it are nothing to keep.
 */
export function warmAddresses({ family, targets, blockKinds, slotsPerNewInterface }: PoolSituation): number {
  const kind = blockKinds[0];
  if (family === 6 || kind === undefined) return targets.warm;
  const size = blockSize(kind);
  const prefixes = size > 1 ? targets.warmPrefixes * size : 0;
  return Math.max(targets.warm, prefixes, targets.warmInterfaces * slotsPerNewInterface * size);
}

/**
 * Addresses missing: clamp(max(minimum − total, warm + waiters − available − incoming, 0), 0, maximum − total).
 * Incoming ones that are overdue do not count.
 */
export function shortageOf(situation: PoolSituation): number {
  const { targets, counts, waiters } = situation;
  const wanted = Math.max(
    targets.minimum - counts.total,
    warmAddresses(situation) + waiters - counts.available - (counts.incoming - counts.overdue),
    0,
  );
  return Math.max(Math.min(wanted, roomOf(situation)), 0);
}

/** Addresses too many: as many as can go with `available ≥ warm` and `total ≥ minimum` still true. */
export function excessOf(situation: PoolSituation): number {
  const { targets, counts, waiters } = situation;
  if (waiters > 0 || counts.incoming > 0) return 0;
  return Math.max(Math.min(counts.available - warmAddresses(situation), counts.total - targets.minimum), 0);
}

/** Addresses that the maximum leaves room for. */
export function roomOf({ targets, counts }: PoolSituation): number {
  return (targets.maximum ?? Number.POSITIVE_INFINITY) - counts.total;
}
