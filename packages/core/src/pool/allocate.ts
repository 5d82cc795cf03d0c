import type { Address, Family } from "../address/address.ts";
import { addressAt, type Cidr, cidrSize, containsAddress } from "../address/cidr.ts";
import type { AttachmentKey } from "../cni/attachment-key.ts";
import { addressesOf, type NodeState } from "../store/node-state.ts";
import type { AddressRecord, BlockRecord } from "../store/records.ts";
import type { StateChange } from "../store/state-change.ts";
import { addressStateAt, blocksOf, countBlock, isServing, type PoolIdentity, type Suspects } from "./pool-counts.ts";

export interface AllocationRequest {
  readonly pool: PoolIdentity;
  /** One address of each. */
  readonly families: readonly Family[];
  /** All addresses from blocks of one interface (a data path with one master interface needs that). */
  readonly sameInterface: boolean;
  /** These very addresses, at most one a family; any others may be free. */
  readonly addresses?: readonly Address[];
  readonly suspects?: Suspects;
}

export interface AllocatedAddress {
  readonly address: Address;
  readonly block: Cidr;
  readonly interfaceId: string;
}

interface Candidate extends AllocatedAddress {
  readonly family: Family;
  /** Fuller blocks first, so that the others drain. */
  readonly blockFill: number;
  /** Then the interface with more pods, so that the others drain. */
  readonly interfaceLoad: number;
  /** Then the address longest free; −1 = never used. */
  readonly freedMs: number;
}

/**
 * Chooses an address of every family at once, or nothing at all: one atomic decision. Deterministic for equal states.
 * Undefined when the pool cannot serve all families now.
 */
export function allocate(
  state: NodeState,
  request: AllocationRequest,
  nowMs: number,
): readonly AllocatedAddress[] | undefined {
  const load = interfaceLoads(state);
  const candidates = request.families.map((family) => candidatesOf(state, request, { family, nowMs, load }));
  const [first, ...others] = candidates;
  if (first === undefined) return undefined;
  if (!request.sameInterface) {
    const best = candidates.map((ofFamily) => ofFamily[0]);
    return best.every((candidate) => candidate !== undefined) ? best.map(strip) : undefined;
  }
  for (const candidate of first) {
    const rest = others.map((ofFamily) => ofFamily.find((other) => other.interfaceId === candidate.interfaceId));
    if (rest.every((other) => other !== undefined)) return [candidate, ...rest].map(strip);
  }
  return undefined;
}

/** The changes that make the allocation true. Commit them with the attachment's record, after it. */
export function claimAddresses(
  state: NodeState,
  allocated: readonly AllocatedAddress[],
  attachment: AttachmentKey,
): StateChange[] {
  return allocated.map(({ address, block }) => {
    const freedMs = addressesOf(state, block).get(address)?.freedMs;
    const record: AddressRecord = {
      address,
      block,
      state: "allocated",
      attachment,
      ...(freedMs === undefined ? {} : { freedMs }),
    };
    return { put: "address", record };
  });
}

function strip({ address, block, interfaceId }: Candidate): AllocatedAddress {
  return { address, block, interfaceId };
}

interface CandidateContext {
  readonly family: Family;
  readonly nowMs: number;
  readonly load: ReadonlyMap<string, number>;
}

function candidatesOf(state: NodeState, request: AllocationRequest, context: CandidateContext): Candidate[] {
  const candidates: Candidate[] = [];
  for (const block of blocksOf(state, request.pool.name, context.family)) {
    if (!isServing(state, block, request.suspects)) continue;
    const candidate = candidateIn(state, block, { ...context, request });
    if (candidate !== undefined) candidates.push(candidate);
  }
  return candidates.sort(compareCandidates);
}

function candidateIn(
  state: NodeState,
  block: BlockRecord,
  context: CandidateContext & { readonly request: AllocationRequest },
): Candidate | undefined {
  const { family, nowMs, load, request } = context;
  const { cooldownMs } = request.pool;
  const wanted = request.addresses?.find((address) => (address.includes(":") ? 6 : 4) === family);
  const chosen =
    wanted === undefined
      ? longestFree(state, block, { cooldownMs, nowMs })
      : specificAddress(state, { block, wanted, cooldownMs, nowMs });
  if (chosen === undefined) return undefined;
  const counts = countBlock(state, block, { cooldownMs, nowMs });
  return {
    ...chosen,
    block: block.cidr,
    interfaceId: block.interfaceId,
    family,
    blockFill: counts.allocated / counts.size,
    interfaceLoad: load.get(block.interfaceId) ?? 0,
  };
}

function compareCandidates(a: Candidate, b: Candidate): number {
  return b.blockFill - a.blockFill || b.interfaceLoad - a.interfaceLoad || a.freedMs - b.freedMs;
}

/** A never used address before any used one: it has been free longest. */
function longestFree(
  state: NodeState,
  block: BlockRecord,
  at: { readonly cooldownMs: number; readonly nowMs: number },
): { address: Address; freedMs: number } | undefined {
  const records = addressesOf(state, block.cidr);
  const size = cidrSize(block.cidr);
  // Among records.size + 1 addresses at least one has no record, unless the block ends before.
  for (let index = 0n; index < size && index <= BigInt(records.size); index++) {
    const address = addressAt(block.cidr, index);
    if (!records.has(address)) return { address, freedMs: -1 };
  }
  let best: { address: Address; freedMs: number } | undefined;
  for (const record of records.values()) {
    const freedMs = record.freedMs ?? -1;
    if (addressStateAt(record, at.cooldownMs, at.nowMs) === "free" && (best === undefined || freedMs < best.freedMs)) {
      best = { address: record.address, freedMs };
    }
  }
  return best;
}

function specificAddress(
  state: NodeState,
  at: { readonly block: BlockRecord; readonly wanted: Address; readonly cooldownMs: number; readonly nowMs: number },
): { address: Address; freedMs: number } | undefined {
  if (!containsAddress(at.block.cidr, at.wanted)) return undefined;
  const record = addressesOf(state, at.block.cidr).get(at.wanted);
  if (record !== undefined && addressStateAt(record, at.cooldownMs, at.nowMs) !== "free") return undefined;
  return { address: at.wanted, freedMs: record?.freedMs ?? -1 };
}

function interfaceLoads(state: NodeState): Map<string, number> {
  const loads = new Map<string, number>();
  for (const [cidr, records] of state.addresses) {
    const interfaceId = state.blocks.get(cidr)?.interfaceId;
    if (interfaceId === undefined) continue;
    let allocated = loads.get(interfaceId) ?? 0;
    for (const record of records.values()) if (record.state === "allocated") allocated++;
    loads.set(interfaceId, allocated);
  }
  return loads;
}
