import type { Family } from "../address/address.ts";
import { cidrFamily } from "../address/cidr.ts";
import type { PlannedInterface, PlannedSubnet, PoolSituation } from "../pool/plan-pool.ts";
import { countPool } from "../pool/pool-counts.ts";
import type { NodeState } from "../store/node-state.ts";
import type { CloudContext } from "./cloud-context.ts";
import { type CloudFacts, readCloudFacts } from "./cloud-facts-cache.ts";
import { isResting } from "./cloud-memory.ts";

export interface PoolFamily {
  readonly pool: string;
  readonly family: Family;
}

/** Observe: one pool and family as the planner wants to see it now. Changes nothing. */
export function poolSituation(context: CloudContext, of: PoolFamily): PoolSituation {
  const { ledger, memory, settings, provider, queue, clock } = context;
  const { state } = ledger;
  const { capabilities } = provider;
  const facts = readCloudFacts(state);
  const nowMs = clock.bootMs();
  const slots = facts?.limits.blocksPerInterface[of.family] ?? 0;
  const subnets = plannedSubnets(context, of.pool, facts);
  // A creation that failed is remembered by its subnet.
  const creationRests = subnets.some(({ id }) => isResting(memory.interfaceRests.growth.get(id), nowMs));
  return {
    family: of.family,
    targets: settings.targetsOf(of.pool),
    counts: countPool(state, settings.identityOf(of.pool), { family: of.family, nowMs, suspects: memory.suspects }),
    waiters: queue.waiters(of.pool),
    excessSinceMs: memory.excessSinceMs.get(excessKey(of.pool, of.family)),
    blockKinds: capabilities.blockKinds.filter((kind) => kind.family === of.family),
    interfaces: plannedInterfaces(context, of, { slots, nowMs }),
    newInterfaces: capabilities.createInterface && !creationRests ? roomForInterfaces(state, facts) : 0,
    slotsPerNewInterface: slots,
    subnets,
  };
}

export function excessKey(pool: string, family: Family): string {
  return `${pool}/${family}`;
}

function plannedInterfaces(
  { ledger, memory }: CloudContext,
  of: PoolFamily,
  at: { readonly slots: number; readonly nowMs: number },
): PlannedInterface[] {
  const { state } = ledger;
  const used = new Map<string, number>();
  for (const block of state.blocks.values()) {
    if (cidrFamily(block.cidr) === of.family) used.set(block.interfaceId, (used.get(block.interfaceId) ?? 0) + 1);
  }
  const inFlight = new Set([...state.operations.values()].map((operation) => operation.interfaceId));
  return [...state.interfaces.values()]
    .filter((record) => record.pool === of.pool && record.owner === "ours" && !memory.hidden.has(record.id))
    .map(({ id, ordinal, subnetId }) => ({
      id,
      ordinal,
      subnetId,
      busy: inFlight.has(id),
      growthRests: isResting(memory.interfaceRests.growth.get(id), at.nowMs),
      releaseRests: isResting(memory.interfaceRests.release.get(id), at.nowMs),
      freeSlots: Math.max(at.slots - (used.get(id) ?? 0), 0),
    }));
}

function roomForInterfaces(state: NodeState, facts: CloudFacts | undefined): number {
  const creating = [...state.operations.values()].filter((operation) => operation.kind === "create-interface").length;
  return Math.max((facts?.limits.maxInterfaces ?? 0) - state.interfaces.size - creating, 0);
}

/** Those that interfaces of the pool are in already: nobody has said that podwire may use any other. */
function plannedSubnets(
  { ledger, memory, clock }: CloudContext,
  pool: string,
  facts: CloudFacts | undefined,
): PlannedSubnet[] {
  const own = [...ledger.state.interfaces.values()].filter((record) => record.pool === pool && record.owner === "ours");
  const ids = new Set(own.map(({ subnetId }) => subnetId));
  return (facts?.network.subnets ?? []).flatMap(({ id, freeAddresses }) =>
    ids.has(id) ? [{ id, freeAddresses, exhausted: isResting(memory.subnetRests.get(id), clock.bootMs()) }] : [],
  );
}
