import type { Family } from "../address/address.ts";
import { cidrFamily } from "../address/cidr.ts";
import type { PlannedInterface, PlannedSubnet, PoolSituation } from "../pool/plan-pool.ts";
import { countPool } from "../pool/pool-counts.ts";
import type { Capabilities } from "../provider/cloud-facts.ts";
import type { NodeState } from "../store/node-state.ts";
import type { CloudFacts } from "./cloud-facts-cache.ts";
import { type CloudMemory, isResting } from "./cloud-memory.ts";
import type { NodeSettings } from "./node-settings.ts";

export interface SituationInput {
  readonly state: NodeState;
  readonly memory: CloudMemory;
  readonly settings: NodeSettings;
  readonly facts: CloudFacts | undefined;
  readonly capabilities: Capabilities;
  readonly waiters: (pool: string) => number;
}

/** Observe: one pool and family as the planner wants to see it. Pure. */
export function poolSituation(
  input: SituationInput,
  of: { readonly pool: string; readonly family: Family },
  nowMs: number,
): PoolSituation {
  const { state, memory, settings, facts, capabilities } = input;
  const slots = facts?.limits.blocksPerInterface[of.family] ?? 0;
  return {
    family: of.family,
    targets: settings.targetsOf(of.pool),
    counts: countPool(state, settings.identityOf(of.pool), { family: of.family, nowMs }),
    waiters: input.waiters(of.pool),
    excessSinceMs: memory.excessSinceMs.get(excessKey(of.pool, of.family)),
    blockKinds: capabilities.blockKinds.filter((kind) => kind.family === of.family),
    interfaces: plannedInterfaces(input, of, { slots, nowMs }),
    newInterfaces: capabilities.createInterface ? roomForInterfaces(state, facts) : 0,
    slotsPerNewInterface: slots,
    subnets: plannedSubnets(memory, facts, nowMs),
  };
}

export function excessKey(pool: string, family: Family): string {
  return `${pool}/${family}`;
}

function plannedInterfaces(
  { state, memory }: SituationInput,
  of: { readonly pool: string; readonly family: Family },
  at: { readonly slots: number; readonly nowMs: number },
): PlannedInterface[] {
  const used = new Map<string, number>();
  for (const block of state.blocks.values()) {
    if (cidrFamily(block.cidr) === of.family) used.set(block.interfaceId, (used.get(block.interfaceId) ?? 0) + 1);
  }
  const inFlight = new Set([...state.operations.values()].map((operation) => operation.interfaceId));
  return [...state.interfaces.values()]
    .filter((record) => record.pool === of.pool && record.owner === "ours")
    .map(({ id, ordinal, subnetId }) => ({
      id,
      ordinal,
      subnetId,
      busy: inFlight.has(id) || isResting(memory.interfaceRests.get(id), at.nowMs),
      freeSlots: Math.max(at.slots - (used.get(id) ?? 0), 0),
    }));
}

function roomForInterfaces(state: NodeState, facts: CloudFacts | undefined): number {
  const creating = [...state.operations.values()].filter((operation) => operation.kind === "create-interface").length;
  return Math.max((facts?.limits.maxInterfaces ?? 0) - state.interfaces.size - creating, 0);
}

function plannedSubnets(memory: CloudMemory, facts: CloudFacts | undefined, nowMs: number): PlannedSubnet[] {
  return (facts?.network.subnets ?? []).map(({ id, freeAddresses }) => ({
    id,
    freeAddresses,
    exhausted: isResting(memory.subnetRests.get(id), nowMs),
  }));
}
