import type { StateChange, StoredState } from "@podwire/core";
import {
  allocatingAttachment,
  bareOperation,
  coolingAddress,
  otherBlock,
  sampleAddress,
  sampleAttachment,
  sampleBlock,
  sampleInterface,
  sampleKey,
  sampleOperation,
  sampleTombstone,
} from "./sample-records.ts";
import { sampleState } from "./sample-state.ts";

/** What one change makes of `sampleState`. */
interface RecordCase {
  readonly name: string;
  readonly change: StateChange;
  readonly expected: StoredState;
}

const renamed = { ...sampleInterface, role: "secondary", owner: "foreign", gateways: {}, ordinal: 126 } as const;
const releasing = { ...otherBlock, state: "releasing", sinceMs: 2000 } as const;
const free = { address: sampleAddress.address, block: sampleBlock.cidr, state: "free" } as const;
const later = { ...sampleTombstone, releasedMs: 3000 };

/** The new record takes the place of the whole old one, also where it has fewer properties. */
export const putCases: readonly RecordCase[] = [
  {
    name: "meta",
    change: { put: "meta", key: "node", value: "2" },
    expected: { ...sampleState, meta: new Map([["node", "2"]]) },
  },
  {
    name: "an interface",
    change: { put: "interface", record: renamed },
    expected: { ...sampleState, interfaces: [renamed] },
  },
  {
    name: "a block",
    change: { put: "block", record: releasing },
    expected: { ...sampleState, blocks: [sampleBlock, releasing] },
  },
  {
    name: "an address",
    change: { put: "address", record: free },
    expected: { ...sampleState, addresses: [free, coolingAddress] },
  },
  {
    name: "an attachment",
    change: { put: "attachment", record: allocatingAttachment },
    expected: { ...sampleState, attachments: [allocatingAttachment] },
  },
  {
    name: "an operation",
    change: { put: "operation", record: bareOperation },
    expected: { ...sampleState, operations: [bareOperation] },
  },
  {
    name: "a tombstone",
    change: { put: "tombstone", record: later },
    expected: { ...sampleState, tombstones: [later] },
  },
];

/** Parents whose children are gone already go too. */
export const deleteCases: readonly RecordCase[] = [
  {
    name: "a block",
    change: { delete: "block", cidr: otherBlock.cidr },
    expected: { ...sampleState, blocks: [sampleBlock] },
  },
  {
    name: "an address",
    change: { delete: "address", address: coolingAddress.address },
    expected: { ...sampleState, addresses: [sampleAddress] },
  },
  {
    name: "an operation",
    change: { delete: "operation", token: sampleOperation.token },
    expected: { ...sampleState, operations: [] },
  },
  {
    name: "a tombstone",
    change: { delete: "tombstone", interfaceId: sampleTombstone.interfaceId, cidr: sampleTombstone.cidr },
    expected: { ...sampleState, tombstones: [] },
  },
];

/** What is absent may be deleted all the same. */
export const absentDeletes: readonly StateChange[] = [
  { delete: "interface", id: "eni-2" },
  { delete: "block", cidr: sampleTombstone.cidr },
  { delete: "address", address: coolingAddress.address },
  { delete: "attachment", key: { ...sampleKey, ifName: "net1" } },
  { delete: "operation", token: "absent" },
  { delete: "tombstone", interfaceId: "eni-1", cidr: sampleTombstone.cidr },
];

/** A whole pod and its node go at once, children after parents. */
export const deleteAll: readonly StateChange[] = [
  { delete: "attachment", key: sampleAttachment.key },
  { delete: "interface", id: sampleInterface.id },
  { delete: "block", cidr: sampleBlock.cidr },
  { delete: "block", cidr: otherBlock.cidr },
  { delete: "address", address: sampleAddress.address },
  { delete: "address", address: coolingAddress.address },
];
