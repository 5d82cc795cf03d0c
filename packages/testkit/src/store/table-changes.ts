import { formatAttachmentKey, PodwireError, type StateChange } from "@podwire/core";
import { findRecordFault } from "./contradictions.ts";
import { copyRecord, type MemoryTables } from "./memory-tables.ts";

export type Undo = () => void;

type Put = Extract<StateChange, { readonly put: string }>;
type Delete = Extract<StateChange, { readonly delete: string }>;

/** Carries out one change and says how to take it back. @throws STORE_FAILED nothing was changed */
export function applyChange(tables: MemoryTables, change: StateChange): Undo {
  return "put" in change ? applyPut(tables, change) : applyDelete(tables, change);
}

function applyPut(tables: MemoryTables, change: Put): Undo {
  const fault = findRecordFault(tables, change);
  if (fault !== undefined) throw new PodwireError("STORE_FAILED", fault, { op: "commit" });
  switch (change.put) {
    case "meta":
      return put(tables.meta, change.key, change.value);
    case "interface":
      return put(tables.interface, change.record.id, change.record);
    case "block":
      return put(tables.block, change.record.cidr, change.record);
    case "address":
      return put(tables.address, change.record.address, change.record);
    case "attachment":
      return put(tables.attachment, formatAttachmentKey(change.record.key), change.record);
    case "operation":
      return put(tables.operation, change.record.token, change.record);
    case "tombstone":
      return put(tables.tombstone, tombstoneKey(change.record), change.record);
  }
}

function applyDelete(tables: MemoryTables, change: Delete): Undo {
  switch (change.delete) {
    case "interface":
      return remove(tables.interface, change.id);
    case "block":
      return remove(tables.block, change.cidr);
    case "address":
      return remove(tables.address, change.address);
    case "attachment":
      return remove(tables.attachment, formatAttachmentKey(change.key));
    case "operation":
      return remove(tables.operation, change.token);
    case "tombstone":
      return remove(tables.tombstone, tombstoneKey(change));
  }
}

function tombstoneKey(tombstone: { readonly interfaceId: string; readonly cidr: string }): string {
  return `${tombstone.interfaceId} ${tombstone.cidr}`;
}

function put<Key, Row>(table: Map<Key, Row>, key: Key, row: Row): Undo {
  const before = table.get(key);
  table.set(key, copyRecord(row));
  return before === undefined ? () => table.delete(key) : () => table.set(key, before);
}

function remove<Key, Row>(table: Map<Key, Row>, key: Key): Undo {
  const before = table.get(key);
  if (before === undefined) return () => {};
  table.delete(key);
  return () => table.set(key, before);
}
