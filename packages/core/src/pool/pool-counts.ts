import type { Family } from "../address/address.ts";
import { type Cidr, cidrFamily, cidrSize } from "../address/cidr.ts";
import { addressesOf, type NodeState } from "../store/node-state.ts";
import type { AddressRecord, BlockRecord, OperationRecord } from "../store/records.ts";
import type { AddressState } from "./states.ts";

/** Which pool, and how long an address of it rests. */
export interface PoolIdentity {
  readonly name: string;
  readonly cooldownMs: number;
}

/** A block with the states of its addresses counted. */
export interface BlockCounts {
  readonly block: BlockRecord;
  readonly size: number;
  readonly allocated: number;
  readonly cooling: number;
  readonly excluded: number;
  /** Everything else: what an ADD could have, if the block is ready. */
  readonly free: number;
}

/** One pool and family, in addresses. */
export interface PoolCounts {
  readonly blocks: readonly BlockCounts[];
  /** Addresses of assigning and ready blocks and of assignments on their way, without the excluded ones. */
  readonly total: number;
  /** Free addresses of blocks that serve. A cooling address is not among them. */
  readonly available: number;
  readonly incoming: number;
  /** Of the incoming ones, those whose call takes longer than calls do: nobody should wait for them alone. */
  readonly overdue: number;
  readonly allocated: number;
  readonly cooling: number;
  readonly excluded: number;
}

/** The state of an address now: a cool-down that is over makes it free without anybody writing that down. */
export function addressStateAt(record: AddressRecord, cooldownMs: number, nowMs: number): AddressState {
  if (record.state !== "cooling") return record.state;
  return nowMs - (record.freedMs ?? 0) >= cooldownMs ? "free" : "cooling";
}

/** Blocks of the pool and family, in the order they were learnt. */
export function blocksOf(state: NodeState, pool: string, family: Family): BlockRecord[] {
  const blocks: BlockRecord[] = [];
  for (const block of state.blocks.values()) {
    if (cidrFamily(block.cidr) === family && state.interfaces.get(block.interfaceId)?.pool === pool) blocks.push(block);
  }
  return blocks;
}

export function countBlock(
  state: NodeState,
  block: BlockRecord,
  at: { cooldownMs: number; nowMs: number },
): BlockCounts {
  const counts = { allocated: 0, cooling: 0, excluded: 0, free: 0 };
  for (const record of addressesOf(state, block.cidr).values()) {
    counts[addressStateAt(record, at.cooldownMs, at.nowMs)]++;
  }
  const size = Number(cidrSize(block.cidr));
  return { block, size, ...counts, free: size - counts.allocated - counts.cooling - counts.excluded };
}

/**
 * Whether addresses of the block may be handed out: it is ready, no snapshot has missed it since, and its interface is
 * (still) ours.
 */
export function isServing(state: NodeState, block: BlockRecord, suspects: Suspects | undefined): boolean {
  const isOurs = state.interfaces.get(block.interfaceId)?.owner === "ours";
  return block.state === "ready" && isOurs && suspects?.has(block.cidr) !== true;
}

/** Blocks that the newest snapshot did not show. */
export interface Suspects {
  has(block: Cidr): boolean;
}

export interface CountOptions {
  readonly family: Family;
  readonly nowMs: number;
  readonly suspects?: Suspects;
}

export function countPool(state: NodeState, pool: PoolIdentity, at: CountOptions): PoolCounts {
  const when = { cooldownMs: pool.cooldownMs, nowMs: at.nowMs };
  const blocks = blocksOf(state, pool.name, at.family).map((block) => countBlock(state, block, when));
  const sum = (chosen: readonly BlockCounts[], count: (block: BlockCounts) => number) =>
    chosen.reduce((total, block) => total + count(block), 0);
  const inState = (...states: readonly string[]) => blocks.filter(({ block }) => states.includes(block.state));
  const operations = [...state.operations.values()].filter((operation) => operation.pool === pool.name);
  const ofOperations = (some: readonly OperationRecord[]) =>
    some.reduce((count, operation) => count + operationAddresses(operation, at.family), 0);
  const incoming = ofOperations(operations) + sum(inState("assigning"), (block) => block.size);
  return {
    blocks,
    total: incoming + sum(inState("ready"), (block) => block.size - block.excluded),
    available: sum(
      blocks.filter(({ block }) => isServing(state, block, at.suspects)),
      (block) => block.free,
    ),
    incoming,
    overdue: ofOperations(operations.filter((operation) => isOverdue(operation, at.nowMs))),
    allocated: sum(blocks, (block) => block.allocated),
    cooling: sum(blocks, (block) => block.cooling),
    excluded: sum(blocks, (block) => block.excluded),
  };
}

/**
 * A call normally ends within this time, the creation of an interface within that. Until then its addresses are waited
 * for; later others are asked for beside them, so that one call that hangs does not keep pods waiting. What comes of
 * both is given back if it is too much.
 */
const callPatienceMs = 5_000;
const creationPatienceMs = 15_000;

/** How long the operation is waited for. */
export function patienceMs({ kind }: Pick<OperationRecord, "kind">): number {
  return kind === "create-interface" ? creationPatienceMs : callPatienceMs;
}

/** One whose answer was lost is not: a describe is about to tell, and asking twice would be worse than waiting. */
function isOverdue(operation: OperationRecord, nowMs: number): boolean {
  return operation.state === "sent" && nowMs - operation.startedMs >= patienceMs(operation);
}

/** Addresses that an assignment by count may bring. */
function operationAddresses({ request }: OperationRecord, family: Family): number {
  if (request.add?.family !== family) return 0;
  return request.add.count * 2 ** ((family === 4 ? 32 : 128) - request.add.prefixLength);
}

/** The earliest time at which a cooling address of the pool becomes free, or undefined. */
export function nextCooledMs(
  state: NodeState,
  pool: PoolIdentity,
  at: { family: Family; nowMs: number },
): number | undefined {
  let next: number | undefined;
  for (const block of blocksOf(state, pool.name, at.family)) {
    if (block.state !== "ready") continue;
    for (const record of addressesOf(state, block.cidr).values()) {
      if (addressStateAt(record, pool.cooldownMs, at.nowMs) !== "cooling") continue;
      const cooledMs = (record.freedMs ?? 0) + pool.cooldownMs;
      if (next === undefined || cooledMs < next) next = cooledMs;
    }
  }
  return next;
}

/** Whether nothing of the block is in use, resting or excluded. */
export function isWhollyFree(counts: BlockCounts): boolean {
  return counts.free === counts.size;
}
