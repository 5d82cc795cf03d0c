import type { Address } from "../address/address.ts";
import type { Cidr } from "../address/cidr.ts";
import { type AttachmentKey, formatAttachmentKey } from "../cni/attachment-key.ts";
import type {
  AddressRecord,
  AttachmentRecord,
  BlockRecord,
  InterfaceRecord,
  OperationRecord,
  TombstoneRecord,
} from "./records.ts";
import type { MetaKey, StateChange } from "./state-change.ts";
import type { StoredState } from "./state-store.ts";

const noAddresses: ReadonlyMap<Address, AddressRecord> = new Map();

/** Everything the node remembers, by key: what planners read. */
export interface NodeState {
  readonly meta: ReadonlyMap<MetaKey, string>;
  readonly interfaces: ReadonlyMap<string, InterfaceRecord>;
  readonly blocks: ReadonlyMap<Cidr, BlockRecord>;
  /** Addresses with a record, by block. A block without any may be absent here. */
  readonly addresses: ReadonlyMap<Cidr, ReadonlyMap<Address, AddressRecord>>;
  /** By `formatAttachmentKey`. */
  readonly attachments: ReadonlyMap<string, AttachmentRecord>;
  readonly operations: ReadonlyMap<string, OperationRecord>;
  readonly tombstones: ReadonlyMap<string, TombstoneRecord>;
}

/** The state that `applyChange` moves forward. */
export interface MutableNodeState extends NodeState {
  readonly meta: Map<MetaKey, string>;
  readonly interfaces: Map<string, InterfaceRecord>;
  readonly blocks: Map<Cidr, BlockRecord>;
  readonly addresses: Map<Cidr, Map<Address, AddressRecord>>;
  readonly attachments: Map<string, AttachmentRecord>;
  readonly operations: Map<string, OperationRecord>;
  readonly tombstones: Map<string, TombstoneRecord>;
}

export function createNodeState(stored?: StoredState): MutableNodeState {
  const state: MutableNodeState = {
    meta: new Map(stored?.meta),
    interfaces: new Map(),
    blocks: new Map(),
    addresses: new Map(),
    attachments: new Map(),
    operations: new Map(),
    tombstones: new Map(),
  };
  for (const record of stored?.interfaces ?? []) applyChange(state, { put: "interface", record });
  for (const record of stored?.blocks ?? []) applyChange(state, { put: "block", record });
  for (const record of stored?.attachments ?? []) applyChange(state, { put: "attachment", record });
  for (const record of stored?.addresses ?? []) applyChange(state, { put: "address", record });
  for (const record of stored?.operations ?? []) applyChange(state, { put: "operation", record });
  for (const record of stored?.tombstones ?? []) applyChange(state, { put: "tombstone", record });
  return state;
}

export function addressesOf(state: NodeState, block: Cidr): ReadonlyMap<Address, AddressRecord> {
  return state.addresses.get(block) ?? noAddresses;
}

/** In the order they were learnt. */
export function blocksOn(state: NodeState, interfaceId: string): readonly BlockRecord[] {
  return [...state.blocks.values()].filter((block) => block.interfaceId === interfaceId);
}

export function attachmentOf(state: NodeState, key: AttachmentKey): AttachmentRecord | undefined {
  return state.attachments.get(formatAttachmentKey(key));
}

export function tombstoneKey(interfaceId: string, cidr: Cidr): string {
  return `${interfaceId} ${cidr}`;
}

/** Moves the state one step. Total: never throws; the store has already refused what contradicts itself. */
export function applyChange(state: MutableNodeState, change: StateChange): void {
  if ("put" in change) applyPut(state, change);
  else applyDelete(state, change);
}

type Put = Extract<StateChange, { readonly put: string }>;
type Delete = Extract<StateChange, { readonly delete: string }>;

function applyPut(state: MutableNodeState, change: Put): void {
  switch (change.put) {
    case "meta":
      state.meta.set(change.key, change.value);
      break;
    case "interface":
      state.interfaces.set(change.record.id, change.record);
      break;
    case "block":
      state.blocks.set(change.record.cidr, change.record);
      break;
    case "address":
      putAddress(state, change.record);
      break;
    case "attachment":
      state.attachments.set(formatAttachmentKey(change.record.key), change.record);
      break;
    case "operation":
      state.operations.set(change.record.token, change.record);
      break;
    case "tombstone":
      state.tombstones.set(tombstoneKey(change.record.interfaceId, change.record.cidr), change.record);
      break;
  }
}

function applyDelete(state: MutableNodeState, change: Delete): void {
  switch (change.delete) {
    case "interface":
      state.interfaces.delete(change.id);
      break;
    case "block":
      state.addresses.delete(change.cidr);
      state.blocks.delete(change.cidr);
      break;
    case "address":
      for (const addresses of state.addresses.values()) addresses.delete(change.address);
      break;
    case "attachment":
      state.attachments.delete(formatAttachmentKey(change.key));
      break;
    case "operation":
      state.operations.delete(change.token);
      break;
    case "tombstone":
      state.tombstones.delete(tombstoneKey(change.interfaceId, change.cidr));
      break;
  }
}

function putAddress(state: MutableNodeState, record: AddressRecord): void {
  const addresses = state.addresses.get(record.block);
  if (addresses === undefined) state.addresses.set(record.block, new Map([[record.address, record]]));
  else addresses.set(record.address, record);
}
