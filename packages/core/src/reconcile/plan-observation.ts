import { type Address, families } from "../address/address.ts";
import { type Cidr, containsAddress, hostCidr } from "../address/cidr.ts";
import { addressStateAt } from "../pool/pool-counts.ts";
import { forgetBlock } from "../pool/release.ts";
import type { CloudInterface, Snapshot } from "../provider/cloud-facts.ts";
import { addressesOf, type NodeState, tombstoneKey } from "../store/node-state.ts";
import type { BlockRecord, InterfaceRecord, OperationRecord } from "../store/records.ts";
import type { StateChange } from "../store/state-change.ts";

/** A block given back is not believed in for this long, however often a lagging view shows it. */
export const tombstoneMs = 60_000;

const highestOrdinal = 126;

export interface ObservationInput {
  readonly state: NodeState;
  readonly snapshot: Snapshot;
  /** Blocks an earlier snapshot did not show, with the start of that snapshot. */
  readonly suspects: ReadonlyMap<Cidr, number>;
  /** Blocks that some snapshot has shown. */
  readonly confirmed: ReadonlySet<Cidr>;
  /** End of the last mutation, by interface. */
  readonly mutationEndsMs: ReadonlyMap<string, number>;
  /** Addresses that the host itself has configured: never given to pods. */
  readonly hostAddresses: ReadonlySet<Address>;
  readonly cooldownOf: (pool: string) => number;
  /** Name of the pool that an interface made for the named one belongs to. */
  readonly poolFor: (interfacePool: string | undefined) => string;
}

export interface ObservationPlan {
  readonly changes: readonly StateChange[];
  readonly suspects: ReadonlyMap<Cidr, number>;
  /** Interfaces of the state that the snapshot does not show. */
  readonly hidden: readonly string[];
  /** For the log. */
  readonly adopted: readonly Cidr[];
  readonly lost: readonly Cidr[];
  readonly gone: readonly Cidr[];
}

/**
 * What a snapshot of the cloud changes in the state. Pure. A stale view must not do harm: a snapshot says nothing about
 * an interface that was being changed after the snapshot began; a block is given up only when two snapshots in a row
 * miss it, and not for a minute after a call added it when none has shown it yet; a block given back is not taken up
 * again while its tombstone stands.
 */
export function planObservation(input: ObservationInput): ObservationPlan {
  const plan: MutablePlan = { changes: [], suspects: new Map(), hidden: [], adopted: [], lost: [], gone: [] };
  planInterfaces(input, plan);
  for (const observed of input.snapshot.interfaces) {
    if (observed.owner !== "ours" || isBuriedInterface(input, observed)) continue;
    if (isSilentAbout(input, observed.id)) keepSuspects(input, plan, observed);
    else planBlocks(input, plan, observed);
  }
  planMissingInterfaces(input, plan);
  plan.changes.push(...resolvedOperations(input).map(({ token }): StateChange => ({ delete: "operation", token })));
  planTombstones(input, plan);
  return plan;
}

/** Operations of unknown outcome that this snapshot tells about. */
function resolvedOperations({ state, snapshot }: ObservationInput): OperationRecord[] {
  const shown = new Set(snapshot.interfaces.map(({ id }) => id));
  return [...state.operations.values()].filter(({ kind, interfaceId, state: outcome, endedMs }) => {
    if (outcome !== "unknown" || endedMs === undefined || endedMs > snapshot.startedAtMs) return false;
    // One that was created and is not shown: the view lags.
    const isMissing = kind === "create-interface" && interfaceId !== undefined && !shown.has(interfaceId);
    return !isMissing || snapshot.startedAtMs - endedMs >= tombstoneMs;
  });
}

interface MutablePlan {
  readonly changes: StateChange[];
  readonly suspects: Map<Cidr, number>;
  readonly hidden: string[];
  readonly adopted: Cidr[];
  readonly lost: Cidr[];
  readonly gone: Cidr[];
}

function planInterfaces(input: ObservationInput, plan: MutablePlan): void {
  const { state, snapshot, poolFor } = input;
  const taken = new Set([...state.interfaces.values()].map((record) => record.ordinal));
  for (const observed of snapshot.interfaces) {
    const known = state.interfaces.get(observed.id);
    const ordinal = known?.ordinal ?? lowestFree(taken);
    if (ordinal === undefined || isBuriedInterface(input, observed)) continue;
    taken.add(ordinal);
    const record = interfaceRecord(observed, ordinal, poolFor(known?.pool ?? observed.pool));
    if (known === undefined || !isSameInterface(known, record)) plan.changes.push({ put: "interface", record });
  }
}

function lowestFree(taken: ReadonlySet<number>): number | undefined {
  for (let ordinal = 1; ordinal <= highestOrdinal; ordinal++) if (!taken.has(ordinal)) return ordinal;
  return undefined;
}

function interfaceRecord(observed: CloudInterface, ordinal: number, pool: string): InterfaceRecord {
  const { id, mac, role, owner, subnetId, primaryAddresses, gateways } = observed;
  return { id, pool, mac, ordinal, role, owner, subnetId, primaryAddresses, gateways };
}

/** The ordinal never changes, the pool with the configuration; id, MAC and role are the cloud's. */
function isSameInterface(a: InterfaceRecord, b: InterfaceRecord): boolean {
  return (
    a.owner === b.owner &&
    a.pool === b.pool &&
    a.subnetId === b.subnetId &&
    a.mac === b.mac &&
    a.role === b.role &&
    a.primaryAddresses.join() === b.primaryAddresses.join() &&
    families.every((family) => a.gateways[family] === b.gateways[family])
  );
}

/** Whether the interface was being changed after the snapshot began. */
function isSilentAbout(input: ObservationInput, interfaceId: string): boolean {
  const { state, snapshot, mutationEndsMs } = input;
  if ((mutationEndsMs.get(interfaceId) ?? -1) > snapshot.startedAtMs) return true;
  const resolved = new Set(resolvedOperations(input));
  return [...state.operations.values()].some(
    (operation) => operation.interfaceId === interfaceId && !resolved.has(operation),
  );
}

/** Nothing new is held against the interface's blocks; one that is shown all the same is no suspect any more. */
function keepSuspects({ state, suspects }: ObservationInput, plan: MutablePlan, observed: CloudInterface): void {
  const shown = new Set(observed.blocks);
  for (const [cidr, sinceMs] of suspects) {
    if (state.blocks.get(cidr)?.interfaceId === observed.id && !shown.has(cidr)) plan.suspects.set(cidr, sinceMs);
  }
}

function planBlocks(input: ObservationInput, plan: MutablePlan, observed: CloudInterface): void {
  const { state } = input;
  const shown = new Set(observed.blocks);
  for (const block of state.blocks.values()) {
    if (block.interfaceId !== observed.id) continue;
    planExclusions(input, plan, block);
    if (shown.has(block.cidr)) planShown(input, plan, block);
    else planMissing(input, plan, block);
  }
  for (const cidr of observed.blocks) {
    // A block that moved from another interface is taken up when it has been missed there twice.
    if (!state.blocks.has(cidr) && !isBuried(input, observed.id, cidr)) adopt(input, plan, { cidr, observed });
  }
}

/** What the host configures and removes, whenever that is: agents do so some seconds after an address was assigned. */
function planExclusions({ state, hostAddresses }: ObservationInput, plan: MutablePlan, block: BlockRecord): void {
  const records = addressesOf(state, block.cidr);
  for (const address of hostAddresses) {
    const life = records.get(address)?.state ?? "free";
    if (!containsAddress(block.cidr, address) || life === "allocated" || life === "excluded") continue;
    plan.changes.push({ put: "address", record: { address, block: block.cidr, state: "excluded" } });
  }
  for (const { address, state: life } of records.values()) {
    if (life === "excluded" && !hostAddresses.has(address)) plan.changes.push({ delete: "address", address });
  }
}

function planShown({ snapshot }: ObservationInput, plan: MutablePlan, block: BlockRecord): void {
  if (block.state === "ready") return;
  // A release of unknown outcome may have happened all the same: a lagging view is no proof that it did not.
  if (block.state === "releasing" && snapshot.startedAtMs - block.sinceMs < tombstoneMs) return;
  plan.changes.push({ put: "block", record: { ...block, state: "ready", sinceMs: snapshot.startedAtMs } });
}

function planMissing(input: ObservationInput, plan: MutablePlan, block: BlockRecord): void {
  const { state, snapshot, suspects } = input;
  if (block.state === "releasing" || block.state === "assigning") {
    plan.changes.push(...forgetBlock(state, block.cidr));
    if (block.state === "releasing") plan.changes.push(bury(block, snapshot.startedAtMs));
    return;
  }
  // A call added it and no view has shown it yet: the views lag.
  const isNew = !input.confirmed.has(block.cidr) && snapshot.startedAtMs - block.sinceMs < tombstoneMs;
  if (block.state === "ready" && isNew) return;
  const missedMs = suspects.get(block.cidr);
  if (missedMs === undefined && block.state === "ready") {
    plan.suspects.set(block.cidr, snapshot.startedAtMs);
    return;
  }
  const interfaceId = holderOf(input, block);
  if (interfaceId !== undefined) {
    // With the pods on it, and with what is known of its addresses.
    plan.changes.push({
      put: "block",
      record: { ...block, interfaceId, state: "ready", sinceMs: snapshot.startedAtMs },
    });
    plan.adopted.push(block.cidr);
    return;
  }
  const use = useOf(input, block);
  if (use === "none") {
    plan.changes.push(...forgetBlock(state, block.cidr));
    plan.gone.push(block.cidr);
  } else if (use === "allocated" && block.state === "ready") {
    plan.changes.push({ put: "block", record: { ...block, state: "lost", sinceMs: snapshot.startedAtMs } });
    plan.lost.push(block.cidr);
  } else if (block.state === "ready") {
    // Forgetting it now would forget the cool-down, should the cloud show it again.
    plan.suspects.set(block.cidr, missedMs ?? snapshot.startedAtMs);
  }
}

/** The other interface of ours to which the cloud, or somebody in it, has moved the block. */
function holderOf(input: ObservationInput, { cidr, interfaceId }: BlockRecord): string | undefined {
  return input.snapshot.interfaces.find(
    (observed) =>
      observed.id !== interfaceId &&
      observed.owner === "ours" &&
      observed.blocks.includes(cidr) &&
      !isBuriedInterface(input, observed) &&
      !isBuried(input, observed.id, cidr),
  )?.id;
}

function useOf(
  { state, snapshot, cooldownOf }: ObservationInput,
  block: BlockRecord,
): "allocated" | "cooling" | "none" {
  const cooldownMs = cooldownOf(state.interfaces.get(block.interfaceId)?.pool ?? "");
  const records = [...addressesOf(state, block.cidr).values()];
  if (records.some((record) => record.state === "allocated")) return "allocated";
  const isCooling = records.some((record) => addressStateAt(record, cooldownMs, snapshot.startedAtMs) === "cooling");
  return isCooling ? "cooling" : "none";
}

function bury(block: BlockRecord, releasedMs: number): StateChange {
  return { put: "tombstone", record: { interfaceId: block.interfaceId, cidr: block.cidr, releasedMs } };
}

function isBuried({ state, snapshot }: ObservationInput, interfaceId: string, cidr: Cidr): boolean {
  const tombstone = state.tombstones.get(tombstoneKey(interfaceId, cidr));
  return tombstone !== undefined && snapshot.startedAtMs - tombstone.releasedMs < tombstoneMs;
}

/** It was deleted, and the view is older than that. */
function isBuriedInterface(input: ObservationInput, { id, primaryAddresses }: CloudInterface): boolean {
  return !input.state.interfaces.has(id) && primaryAddresses.some((own) => isBuried(input, id, hostCidr(own)));
}

function adopt(
  input: ObservationInput,
  plan: MutablePlan,
  block: { readonly cidr: Cidr; readonly observed: CloudInterface },
): void {
  const { cidr, observed } = block;
  const sinceMs = input.snapshot.startedAtMs;
  plan.changes.push({ put: "block", record: { cidr, interfaceId: observed.id, state: "ready", sinceMs } });
  for (const address of input.hostAddresses) {
    if (!containsAddress(cidr, address)) continue;
    plan.changes.push({ put: "address", record: { address, block: cidr, state: "excluded" } });
  }
  plan.adopted.push(cidr);
}

/** An interface that is not shown takes its blocks with it, by the same rule of two; then it is forgotten. */
function planMissingInterfaces(input: ObservationInput, plan: MutablePlan): void {
  const shown = new Set(input.snapshot.interfaces.map((observed) => observed.id));
  for (const record of input.state.interfaces.values()) {
    if (shown.has(record.id)) continue;
    plan.hidden.push(record.id);
    if (isSilentAbout(input, record.id)) continue;
    const blocks = [...input.state.blocks.values()].filter((block) => block.interfaceId === record.id);
    // A view that lags behind an assignment does show the interface: here, also what is new is missed.
    const confirmed = new Set(blocks.map(({ cidr }) => cidr));
    for (const block of blocks) planMissing({ ...input, confirmed }, plan, block);
    if (blocks.length === 0) plan.changes.push({ delete: "interface", id: record.id });
  }
}

function planTombstones({ state, snapshot }: ObservationInput, plan: MutablePlan): void {
  for (const { interfaceId, cidr, releasedMs } of state.tombstones.values()) {
    if (snapshot.startedAtMs - releasedMs < tombstoneMs) continue;
    plan.changes.push({ delete: "tombstone", interfaceId, cidr });
  }
}
