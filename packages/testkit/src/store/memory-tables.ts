import type {
  AddressRecord,
  AttachmentRecord,
  BlockRecord,
  InterfaceRecord,
  MetaKey,
  OperationRecord,
  StoredState,
  TombstoneRecord,
} from "@podwire/core";

/** What a MemoryStore holds, by the key of each record. Records are copies that nobody else can reach. */
export interface MemoryTables {
  readonly meta: Map<MetaKey, string>;
  readonly interface: Map<string, InterfaceRecord>;
  readonly block: Map<string, BlockRecord>;
  readonly address: Map<string, AddressRecord>;
  readonly attachment: Map<string, AttachmentRecord>;
  readonly operation: Map<string, OperationRecord>;
  readonly tombstone: Map<string, TombstoneRecord>;
}

export function createMemoryTables(): MemoryTables {
  return {
    meta: new Map(),
    interface: new Map(),
    block: new Map(),
    address: new Map(),
    attachment: new Map(),
    operation: new Map(),
    tombstone: new Map(),
  };
}

export function loadTables(tables: MemoryTables): StoredState {
  return {
    meta: new Map(tables.meta),
    interfaces: copyAll(tables.interface),
    blocks: copyAll(tables.block),
    addresses: copyAll(tables.address),
    attachments: copyAll(tables.attachment),
    operations: copyAll(tables.operation),
    tombstones: copyAll(tables.tombstone),
  };
}

/** The record as it comes back from a file: no object shared, no property that is undefined. */
export function copyRecord<Row>(row: Row): Row {
  return JSON.parse(JSON.stringify(row));
}

function copyAll<Row>(table: ReadonlyMap<string, Row>): Row[] {
  return Array.from(table.values(), copyRecord);
}
