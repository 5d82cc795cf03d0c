import type { Cidr } from "../address/cidr.ts";
import type { AttachmentKey } from "../cni/attachment-key.ts";
import { formatAttachmentKey } from "../cni/attachment-key.ts";
import { addressesOf, type NodeState } from "../store/node-state.ts";
import type { AddressRecord } from "../store/records.ts";
import type { StateChange } from "../store/state-change.ts";

/** Addresses the attachment holds, whatever state it is in. */
export function addressesHeldBy(state: NodeState, key: AttachmentKey): AddressRecord[] {
  const wanted = formatAttachmentKey(key);
  const held: AddressRecord[] = [];
  for (const records of state.addresses.values()) {
    for (const record of records.values()) {
      if (record.attachment !== undefined && formatAttachmentKey(record.attachment) === wanted) held.push(record);
    }
  }
  return held;
}

/** What DEL does to the addresses of an attachment: each starts to cool down now. */
export function releaseAddresses(state: NodeState, key: AttachmentKey, nowMs: number): StateChange[] {
  return addressesHeldBy(state, key).map(({ address, block }) => ({
    put: "address",
    record: { address, block, state: "cooling", freedMs: nowMs },
  }));
}

/** The block and every record in it, children first. */
export function forgetBlock(state: NodeState, cidr: Cidr): StateChange[] {
  const addresses = [...addressesOf(state, cidr).keys()];
  return [...addresses.map((address): StateChange => ({ delete: "address", address })), { delete: "block", cidr }];
}
