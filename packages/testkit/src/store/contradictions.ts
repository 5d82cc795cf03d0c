import {
  type AddressRecord,
  encodeUtf8,
  formatAttachmentKey,
  type InterfaceRecord,
  type StateChange,
} from "@podwire/core";
import type { MemoryTables } from "./memory-tables.ts";

type Put = Extract<StateChange, { readonly put: string }>;

const maxMetaBytes = 1024 * 1024;

/** Why this record cannot stand, whatever else holds; judged change by change. Undefined when it can. */
export function findRecordFault(tables: MemoryTables, change: Put): string | undefined {
  switch (change.put) {
    case "meta":
      return encodeUtf8(change.value).length > maxMetaBytes ? `meta ${change.key} is longer than 1 MiB` : undefined;
    case "interface":
      return findInterfaceFault(tables, change.record);
    case "block":
      return change.record.state === "gone" ? `block ${change.record.cidr} is gone and so has no record` : undefined;
    case "address":
      return findAddressFault(change.record);
    default:
      return undefined;
  }
}

/** Which record lacks its parent, or undefined; judged once, after the last change of a commit. */
export function findOrphan(tables: MemoryTables): string | undefined {
  for (const { cidr, interfaceId } of tables.block.values()) {
    if (!tables.interface.has(interfaceId)) return `block ${cidr} is on the absent interface ${interfaceId}`;
  }
  for (const { address, block, attachment } of tables.address.values()) {
    if (!tables.block.has(block)) return `address ${address} is in the absent block ${block}`;
    if (attachment !== undefined && !tables.attachment.has(formatAttachmentKey(attachment)))
      return `address ${address} is allocated to the absent attachment ${formatAttachmentKey(attachment)}`;
  }
  return undefined;
}

function findInterfaceFault(tables: MemoryTables, record: InterfaceRecord): string | undefined {
  const { id, mac, ordinal } = record;
  if (!Number.isInteger(ordinal) || ordinal < 1 || ordinal > 126)
    return `interface ${id} has ordinal ${ordinal}, outside 1…126`;
  for (const other of tables.interface.values()) {
    if (other.id !== id && (other.mac === mac || other.ordinal === ordinal))
      return `interface ${id} has the ordinal or the MAC of ${other.id}`;
  }
  return undefined;
}

function findAddressFault(record: AddressRecord): string | undefined {
  const { address, state, attachment } = record;
  if ((state === "allocated") === (attachment !== undefined)) return undefined;
  return `address ${address} is ${state} and has ${attachment === undefined ? "no" : "an"} attachment`;
}
