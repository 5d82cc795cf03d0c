import type { StateChange, StoredState } from "@podwire/core";
import {
  coolingAddress,
  otherBlock,
  sampleAddress,
  sampleAttachment,
  sampleBlock,
  sampleInterface,
  sampleOperation,
  sampleTombstone,
} from "./sample-records.ts";

export const emptyState: StoredState = {
  meta: new Map(),
  interfaces: [],
  blocks: [],
  addresses: [],
  attachments: [],
  operations: [],
  tombstones: [],
};

/** One or two records of every kind. */
export const sampleState: StoredState = {
  meta: new Map([["node", '{"id":"i-1"}']]),
  interfaces: [sampleInterface],
  blocks: [sampleBlock, otherBlock],
  addresses: [sampleAddress, coolingAddress],
  attachments: [sampleAttachment],
  operations: [sampleOperation],
  tombstones: [sampleTombstone],
};

/** The puts that make `state` out of nothing, parents first. */
export function putsOf(state: StoredState): StateChange[] {
  return [
    ...Array.from(state.meta, ([key, value]) => ({ put: "meta", key, value }) as const),
    ...state.interfaces.map((record) => ({ put: "interface", record }) as const),
    ...state.blocks.map((record) => ({ put: "block", record }) as const),
    ...state.attachments.map((record) => ({ put: "attachment", record }) as const),
    ...state.addresses.map((record) => ({ put: "address", record }) as const),
    ...state.operations.map((record) => ({ put: "operation", record }) as const),
    ...state.tombstones.map((record) => ({ put: "tombstone", record }) as const),
  ];
}

/** `state` with its lists sorted, to be compared; without `boot-id`, which is the store's own business. */
export function comparableState(state: StoredState): unknown {
  return {
    meta: Object.fromEntries(Array.from(state.meta).filter(([key]) => key !== "boot-id")),
    interfaces: sorted(state.interfaces),
    blocks: sorted(state.blocks),
    addresses: sorted(state.addresses),
    attachments: sorted(state.attachments),
    operations: sorted(state.operations),
    tombstones: sorted(state.tombstones),
  };
}

function sorted<Row>(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
}
