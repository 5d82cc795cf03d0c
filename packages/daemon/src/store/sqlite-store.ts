import type { DatabaseSync } from "node:sqlite";
import { PodwireError, type StateChange, type StateStore, type StoredState } from "@podwire/core";
import { accessTable } from "./table-access.ts";
import {
  addressTable,
  attachmentTable,
  blockTable,
  interfaceTable,
  metaTable,
  operationTable,
  tombstoneTable,
} from "./tables.ts";

/**
 * The state in an open database of the newest schema.
 * @param path how error messages name the file
 */
export function createSqliteStore(database: DatabaseSync, path: string): StateStore {
  const tables = accessTables(database);
  return {
    load: () => guarded(`the state file ${path} cannot be read`, "load the state", () => loadState(tables)),
    commit: (changes) =>
      guarded(`the state file ${path} cannot be written`, "commit", () =>
        inTransaction(database, () => {
          for (const change of changes) applyChange(tables, change);
        }),
      ),
    close: () => {
      if (database.isOpen) database.close();
    },
  };
}

type Tables = ReturnType<typeof accessTables>;
type Put = Extract<StateChange, { readonly put: string }>;
type Delete = Extract<StateChange, { readonly delete: string }>;

function accessTables(database: DatabaseSync) {
  return {
    meta: accessTable(database, metaTable),
    interface: accessTable(database, interfaceTable),
    block: accessTable(database, blockTable),
    attachment: accessTable(database, attachmentTable),
    address: accessTable(database, addressTable),
    operation: accessTable(database, operationTable),
    tombstone: accessTable(database, tombstoneTable),
  };
}

function loadState(tables: Tables): StoredState {
  return {
    meta: new Map(tables.meta.all().map(({ key, value }) => [key, value])),
    interfaces: tables.interface.all(),
    blocks: tables.block.all(),
    addresses: tables.address.all(),
    attachments: tables.attachment.all(),
    operations: tables.operation.all(),
    tombstones: tables.tombstone.all(),
  };
}

function applyChange(tables: Tables, change: StateChange): void {
  if ("put" in change) applyPut(tables, change);
  else applyDelete(tables, change);
}

function applyPut(tables: Tables, change: Put): void {
  switch (change.put) {
    case "meta":
      return void tables.meta.put(change);
    case "interface":
      return void tables.interface.put(change.record);
    case "block":
      return void tables.block.put(change.record);
    case "address":
      return void tables.address.put(change.record);
    case "attachment":
      return void tables.attachment.put(change.record);
    case "operation":
      return void tables.operation.put(change.record);
    case "tombstone":
      return void tables.tombstone.put(change.record);
  }
}

function applyDelete(tables: Tables, change: Delete): void {
  switch (change.delete) {
    case "interface":
      return void tables.interface.delete(change.id);
    case "block":
      return void tables.block.delete(change.cidr);
    case "address":
      return void tables.address.delete(change.address);
    case "attachment":
      return void tables.attachment.delete(change.key.network, change.key.containerId, change.key.ifName);
    case "operation":
      return void tables.operation.delete(change.token);
    case "tombstone":
      return void tables.tombstone.delete(change.interfaceId, change.cidr);
  }
}

function inTransaction(database: DatabaseSync, act: () => void): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    act();
    database.exec("COMMIT");
  } catch (error) {
    // SQLite may have rolled back by itself (disk full, I/O error); then there is nothing left to take back.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function guarded<Result>(message: string, op: string, act: () => Result): Result {
  try {
    return act();
  } catch (cause) {
    const details = cause instanceof Error ? cause.message : String(cause);
    throw new PodwireError("STORE_FAILED", message, { op, details, cause });
  }
}
