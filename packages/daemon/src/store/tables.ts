import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import type {
  AddressRecord,
  AttachmentRecord,
  BlockRecord,
  InterfaceRecord,
  MetaKey,
  OperationRecord,
  TombstoneRecord,
} from "@podwire/core";

export type Row = Readonly<Record<string, SQLOutputValue>>;

/** How records of one kind lie in their table. */
export interface Table<Entry> {
  readonly name: string;
  /** Columns of the primary key, in the order of a delete's values. */
  readonly key: readonly string[];
  toRow(entry: Entry): Readonly<Record<string, SQLInputValue>>;
  fromRow(row: Row): Entry;
}

// Rows were written by `toRow` and are guarded by the schema, so `fromRow` takes the types of its texts on trust.

export const metaTable: Table<{ readonly key: MetaKey; readonly value: string }> = {
  name: "meta",
  key: ["key"],
  toRow: ({ key, value }) => ({ key, value }),
  fromRow: (row) => ({ key: row["key"] as MetaKey, value: row["value"] as string }),
};

export const interfaceTable: Table<InterfaceRecord> = {
  name: "interface",
  key: ["id"],
  toRow: (record) => ({
    id: record.id,
    pool: record.pool,
    mac: record.mac,
    ordinal: record.ordinal,
    role: record.role,
    owner: record.owner,
    subnet_id: record.subnetId,
    primary_addresses: JSON.stringify(record.primaryAddresses),
    gateways: JSON.stringify(record.gateways),
  }),
  fromRow: (row) =>
    ({
      id: row["id"],
      pool: row["pool"],
      mac: row["mac"],
      ordinal: row["ordinal"],
      role: row["role"],
      owner: row["owner"],
      subnetId: row["subnet_id"],
      primaryAddresses: fromJson(row["primary_addresses"]),
      gateways: fromJson(row["gateways"]),
    }) as InterfaceRecord,
};

export const blockTable: Table<BlockRecord> = {
  name: "block",
  key: ["cidr"],
  toRow: (record) => ({
    cidr: record.cidr,
    interface_id: record.interfaceId,
    state: record.state,
    since_ms: record.sinceMs,
  }),
  fromRow: (row) =>
    ({
      cidr: row["cidr"],
      interfaceId: row["interface_id"],
      state: row["state"],
      sinceMs: row["since_ms"],
    }) as BlockRecord,
};

export const attachmentTable: Table<AttachmentRecord> = {
  name: "attachment",
  key: ["network", "container_id", "if_name"],
  toRow: (record) => ({
    network: record.key.network,
    container_id: record.key.containerId,
    if_name: record.key.ifName,
    state: record.state,
    created_ms: record.createdMs,
    pod: JSON.stringify(record.pod),
    spec: JSON.stringify(record.spec),
    facts: toOptionalJson(record.facts),
    result: toOptionalJson(record.result),
  }),
  fromRow: (row) =>
    ({
      key: keyOf(row),
      state: row["state"],
      createdMs: row["created_ms"],
      pod: fromJson(row["pod"]),
      spec: fromJson(row["spec"]),
      ...(row["facts"] === null ? {} : { facts: fromJson(row["facts"]) }),
      ...(row["result"] === null ? {} : { result: fromJson(row["result"]) }),
    }) as AttachmentRecord,
};

export const addressTable: Table<AddressRecord> = {
  name: "address",
  key: ["address"],
  toRow: (record) => ({
    address: record.address,
    block: record.block,
    state: record.state,
    network: record.attachment?.network ?? null,
    container_id: record.attachment?.containerId ?? null,
    if_name: record.attachment?.ifName ?? null,
    freed_ms: record.freedMs ?? null,
  }),
  fromRow: (row) =>
    ({
      address: row["address"],
      block: row["block"],
      state: row["state"],
      ...(row["network"] === null ? {} : { attachment: keyOf(row) }),
      ...(row["freed_ms"] === null ? {} : { freedMs: row["freed_ms"] }),
    }) as AddressRecord,
};

export const operationTable: Table<OperationRecord> = {
  name: "operation",
  key: ["token"],
  toRow: (record) => ({
    token: record.token,
    kind: record.kind,
    pool: record.pool,
    interface_id: record.interfaceId ?? null,
    request: JSON.stringify(record.request),
    state: record.state,
    started_ms: record.startedMs,
    ended_ms: record.endedMs ?? null,
  }),
  fromRow: (row) =>
    ({
      token: row["token"],
      kind: row["kind"],
      pool: row["pool"],
      ...(row["interface_id"] === null ? {} : { interfaceId: row["interface_id"] }),
      request: fromJson(row["request"]),
      state: row["state"],
      startedMs: row["started_ms"],
      ...(row["ended_ms"] === null ? {} : { endedMs: row["ended_ms"] }),
    }) as OperationRecord,
};

export const tombstoneTable: Table<TombstoneRecord> = {
  name: "tombstone",
  key: ["interface_id", "cidr"],
  toRow: (record) => ({ interface_id: record.interfaceId, cidr: record.cidr, released_ms: record.releasedMs }),
  fromRow: (row) =>
    ({ interfaceId: row["interface_id"], cidr: row["cidr"], releasedMs: row["released_ms"] }) as TombstoneRecord,
};

function keyOf(row: Row): unknown {
  return { network: row["network"], containerId: row["container_id"], ifName: row["if_name"] };
}

function fromJson(value: SQLOutputValue | undefined): unknown {
  return JSON.parse(String(value));
}

function toOptionalJson(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
