import type { Family } from "../address/address.ts";
import { cidrFamily } from "../address/cidr.ts";
import { countPool, isWhollyFree } from "../pool/pool-counts.ts";
import {
  type ComingInterface,
  excessOf,
  type PlannedInterface,
  type PlannedSubnet,
  type PoolSituation,
} from "../pool/situation.ts";
import type { BlockKind, SubnetFacts } from "../provider/cloud-facts.ts";
import { blocksOn, type NodeState } from "../store/node-state.ts";
import type { InterfaceRecord, OperationRecord } from "../store/records.ts";
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
  const facts = readCloudFacts(state);
  const nowMs = clock.bootMs();
  const slots = facts?.limits.blocksPerInterface[of.family] ?? 0;
  const subnets = plannedSubnets(context, of, facts);
  // A creation that failed is remembered by its subnet, though it would hardly fare better in another one.
  const creationRests = subnets.some(({ id }) => isResting(memory.interfaceRests.growth.get(id), nowMs));
  return {
    family: of.family,
    targets: settings.targetsOf(of.pool),
    counts: countPool(state, settings.identityOf(of.pool), { family: of.family, nowMs, suspects: memory.suspects }),
    waiters: queue.waiters(of.pool),
    excessSinceMs: memory.excessSinceMs.get(excessKey(of.pool, of.family)),
    blockKinds: blockKindsOf(context, of, facts),
    interfaces: plannedInterfaces(context, of, slots),
    coming: comingInterfaces(state, of, slots),
    newInterfaces: provider.capabilities.createInterface && !creationRests ? roomForInterfaces(context, facts) : 0,
    slotsPerNewInterface: slots,
    subnets,
  };
}

export function excessKey(pool: string, family: Family): string {
  return `${pool}/${family}`;
}

/**
 * Interfaces of the pool that it could do without as a whole: nothing on them is in use, cooling or being changed, and
 * the targets of every family hold without what is on them.
 */
export function dispensableInterfaces(context: CloudContext, pool: string): readonly InterfaceRecord[] {
  const { settings, provider, queue } = context;
  if (!provider.capabilities.createInterface || queue.waiters(pool) > 0) return [];
  const situations = settings.families.map((family) => poolSituation(context, { pool, family }));
  return poolInterfaces(context.ledger.state, pool).filter(
    (record) => record.role === "secondary" && situations.every((situation) => canSpare(situation, record)),
  );
}

function canSpare(situation: PoolSituation, { id }: InterfaceRecord): boolean {
  const own = situation.counts.blocks.filter(({ block }) => block.interfaceId === id);
  if (!own.every((counts) => counts.block.state === "ready" && isWhollyFree(counts))) return false;
  return own.reduce((sum, { size }) => sum + size, 0) <= excessOf(situation);
}

/** What the instance type can hold; of IPv4, larger blocks than one address only where the pool wants prefixes. */
function blockKindsOf(
  { provider, settings }: CloudContext,
  { pool, family }: PoolFamily,
  facts: CloudFacts | undefined,
): readonly BlockKind[] {
  const kinds = (facts?.limits.blockKinds ?? provider.capabilities.blockKinds).filter((kind) => kind.family === family);
  const singles = kinds.filter(({ prefixLength }) => prefixLength === 32);
  if (family === 4 && singles.length > 0 && !settings.growthOf(pool).prefixes) return singles;
  return [...kinds].sort((a, b) => a.prefixLength - b.prefixLength);
}

function plannedInterfaces(context: CloudContext, of: PoolFamily, slots: number): PlannedInterface[] {
  const { ledger, memory, clock } = context;
  const { state } = ledger;
  const nowMs = clock.bootMs();
  const shown = poolInterfaces(state, of.pool).filter(({ id }) => !memory.hidden.has(id));
  return shown.map(({ id, ordinal, subnetId, gateways }) => {
    const blocks = blocksOn(state, id).map(({ cidr }) => cidr);
    const inFlight = [...state.operations.values()].filter(({ interfaceId }) => interfaceId === id);
    const taken = blocks.filter((cidr) => cidrFamily(cidr) === of.family).length + blocksComing(inFlight, of.family);
    return {
      id,
      ordinal,
      subnetId,
      blocks,
      busySinceMs: inFlight[0]?.startedMs,
      growthRests: isResting(memory.interfaceRests.growth.get(id), nowMs),
      releaseRests: isResting(memory.interfaceRests.release.get(id), nowMs),
      // A subnet without the family has no gateway of it, and no addresses.
      freeSlots: gateways[of.family] === undefined ? 0 : Math.max(slots - taken, 0),
      idleSinceMs: memory.idleSinceMs.get(id),
    };
  });
}

function poolInterfaces(state: NodeState, pool: string): InterfaceRecord[] {
  return [...state.interfaces.values()].filter((record) => record.pool === pool && record.owner === "ours");
}

function blocksComing(inFlight: readonly OperationRecord[], family: Family): number {
  return inFlight.reduce((sum, { request: { add } }) => sum + (add?.family === family ? add.count : 0), 0);
}

function comingInterfaces(state: NodeState, { pool, family }: PoolFamily, slots: number): ComingInterface[] {
  return [...state.operations.values()]
    .filter((operation) => operation.kind === "create-interface" && operation.pool === pool)
    .map((creation) => ({
      sinceMs: creation.startedMs,
      freeSlots: Math.max(slots - blocksComing([creation], family), 0),
    }));
}

/** One that somebody detached stays in the state while pods are on it, and takes no place on the instance. */
function roomForInterfaces({ ledger: { state }, memory }: CloudContext, facts: CloudFacts | undefined): number {
  const creating = [...state.operations.values()].filter((operation) => operation.kind === "create-interface").length;
  const held = [...state.interfaces.keys()].filter((id) => !memory.hidden.has(id)).length;
  return Math.max((facts?.limits.maxInterfaces ?? 0) - held - creating, 0);
}

/**
 * Those that interfaces of the pool are in, and those that new ones may go into: by their tags, else where the pool or
 * the primary interface is already, for nobody has said that podwire may use any other.
 */
function plannedSubnets(
  { ledger, memory, clock, settings }: CloudContext,
  { pool, family }: PoolFamily,
  facts: CloudFacts | undefined,
): PlannedSubnet[] {
  const tags = Object.entries(settings.growthOf(pool).subnetTags);
  const used = new Set(poolInterfaces(ledger.state, pool).map(({ subnetId }) => subnetId));
  const primaries = [...ledger.state.interfaces.values()].filter(({ role }) => role === "primary");
  const untagged = new Set([...used, ...primaries.map(({ subnetId }) => subnetId)]);
  const takes = (subnet: SubnetFacts) =>
    tags.length === 0 ? untagged.has(subnet.id) : tags.every(([key, value]) => subnet.tags[key] === value);
  const nowMs = clock.bootMs();
  return (facts?.network.subnets ?? [])
    .filter(({ gateways }) => gateways[family] !== undefined)
    .filter((subnet) => used.has(subnet.id) || takes(subnet))
    .map((subnet) => ({
      id: subnet.id,
      freeAddresses: subnet.freeAddresses,
      exhausted: isResting(memory.subnetRests.get(subnet.id), nowMs),
      fragmented: isResting(memory.fragmentRests.get(subnet.id), nowMs),
      takesInterfaces: takes(subnet),
    }));
}
