import { parseMac, type StateChange } from "@podwire/core";
import { otherBlock, sampleAddress, sampleBlock, sampleInterface, sampleKey } from "./sample-records.ts";

/** A commit on top of `sampleState` that would make it contradict itself. */
interface RefusalCase {
  readonly name: string;
  readonly changes: readonly StateChange[];
}

const { attachment: _attachment, ...unowned } = sampleAddress;
const twin = { ...sampleInterface, id: "eni-2", mac: parseMac("02:00:00:00:00:02"), ordinal: 2 };
const elsewhere = { ...sampleKey, network: "other" };

export const refusalCases: readonly RefusalCase[] = [
  {
    name: "an address allocated to nobody",
    changes: [{ put: "address", record: unowned }],
  },
  {
    name: "an address allocated to an absent attachment",
    changes: [{ put: "address", record: { ...sampleAddress, attachment: elsewhere } }],
  },
  {
    name: "an address that has an attachment and is not allocated",
    changes: [{ put: "address", record: { ...sampleAddress, state: "cooling" } }],
  },
  {
    name: "an address in an absent block",
    changes: [{ put: "address", record: { ...unowned, state: "free", block: "10.0.7.0/28" as typeof unowned.block } }],
  },
  {
    name: "a block on an absent interface",
    changes: [{ put: "block", record: { ...otherBlock, interfaceId: "eni-2" } }],
  },
  {
    name: "a record for a block that is gone",
    changes: [{ put: "block", record: { ...otherBlock, state: "gone" } }],
  },
  {
    name: "deleting an interface that has blocks",
    changes: [{ delete: "interface", id: sampleInterface.id }],
  },
  {
    name: "deleting a block that has addresses",
    changes: [{ delete: "block", cidr: sampleBlock.cidr }],
  },
  {
    name: "deleting an attachment that has an address",
    changes: [{ delete: "attachment", key: sampleKey }],
  },
  {
    name: "two interfaces of one ordinal",
    changes: [{ put: "interface", record: { ...twin, ordinal: sampleInterface.ordinal } }],
  },
  {
    name: "two interfaces of one MAC",
    changes: [{ put: "interface", record: { ...twin, mac: sampleInterface.mac } }],
  },
  ...[0, 127, 1.5].map((ordinal) => ({
    name: `ordinal ${ordinal}`,
    changes: [{ put: "interface", record: { ...twin, ordinal } } as const],
  })),
  {
    name: "meta longer than 1 MiB",
    changes: [{ put: "meta", key: "network", value: `"${"ü".repeat(512 * 1024)}"` }],
  },
];
