import type { Cidr } from "../address/cidr.ts";
import type { PodwireError } from "../errors/podwire-error.ts";
import type { Random } from "../runtime/random.ts";

/** Something rests after a failure. */
export interface Rest {
  readonly untilMs: number;
  readonly delayMs: number;
}

/**
 * What went wrong for the whole node: describing it, reading its limits and network, bringing the kernel to the desired
 * state.
 */
export type FailureKind = "describe" | "facts" | "kernel";

/** What a pool fails at: to be given more, or to give back. */
export type Direction = "growth" | "release";

/**
 * What this process has seen of the cloud and may forget: a restart begins with an empty one and is only slower for it.
 */
export interface CloudMemory {
  /** Blocks a snapshot did not show, with the start of the first such snapshot. */
  suspects: ReadonlyMap<Cidr, number>;
  /** Blocks that some snapshot of this process has shown: a lagging view can miss only the others. */
  readonly confirmed: Set<Cidr>;
  /**
   * Interfaces that the last snapshot did not show. EC2 assigns addresses also to an interface that somebody has
   * detached: nothing is asked for there, and nothing that came from there is handed out.
   */
  hidden: ReadonlySet<string>;
  readonly subnetRests: Map<string, Rest>;
  /** Subnets without room for a prefix. */
  readonly fragmentRests: Map<string, Rest>;
  readonly interfaceRests: Readonly<Record<Direction, Map<string, Rest>>>;
  /** End of the last mutation, by interface: a snapshot that began before it tells nothing about the interface. */
  readonly mutationEndsMs: Map<string, number>;
  /** Since when there are too many addresses, by `pool/family`. */
  readonly excessSinceMs: Map<string, number>;
  /** Since when the pool could do without an interface as a whole. */
  readonly idleSinceMs: Map<string, number>;
  /** The newest failure of each kind, until one of the kind succeeds. */
  readonly failures: Map<FailureKind, PodwireError>;
  /** The same by pool: one that cannot grow is no reason for another. */
  readonly poolFailures: Readonly<Record<Direction, Map<string, PodwireError>>>;
  describedMs: number | undefined;
  /** Start of the last successful reading of limits and network. */
  factsMs: number | undefined;
}

export function createCloudMemory(): CloudMemory {
  return {
    suspects: new Map(),
    confirmed: new Set(),
    hidden: new Set(),
    subnetRests: new Map(),
    fragmentRests: new Map(),
    interfaceRests: { growth: new Map(), release: new Map() },
    mutationEndsMs: new Map(),
    excessSinceMs: new Map(),
    idleSinceMs: new Map(),
    failures: new Map(),
    poolFailures: { growth: new Map(), release: new Map() },
    describedMs: undefined,
    factsMs: undefined,
  };
}

const firstRestMs = 1_000;
const longestRestMs = 60_000;

/** Doubles the last rest, up to a minute, with up to a quarter more so that nodes do not come back together. */
export function nextRest(last: Rest | undefined, at: { nowMs: number; random: Random; leastMs?: number }): Rest {
  const doubled = last === undefined ? firstRestMs : Math.min(last.delayMs * 2, longestRestMs);
  const delayMs = Math.max(doubled, at.leastMs ?? 0);
  return { delayMs, untilMs: at.nowMs + delayMs + at.random.integer(Math.ceil(delayMs / 4)) };
}

export function isResting(rest: Rest | undefined, nowMs: number): boolean {
  return rest !== undefined && nowMs < rest.untilMs;
}
