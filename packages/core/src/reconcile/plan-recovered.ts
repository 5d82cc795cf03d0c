import { type Cidr, containsAddress } from "../address/cidr.ts";
import type { UnrecordedAttachment } from "../attachment/unrecorded.ts";
import { addressesOf, attachmentOf } from "../store/node-state.ts";
import type { AddressRecord } from "../store/records.ts";
import type { StateChange } from "../store/state-change.ts";
import type { CloudContext } from "./cloud-context.ts";

/**
 * Attachments that live in the kernel but not in the state (the state file was lost) come back with the blocks that
 * hold their addresses, in the same commit, so that no address of theirs can be handed out. They have neither facts
 * nor result, and are older than anything: DEL works, ADD takes them for stale, CHECK fails. What was taken out of the
 * kernel meanwhile leaves addresses that rest.
 */
export function planRecovered(context: CloudContext, adopted: readonly Cidr[]): StateChange[] {
  const changes: StateChange[] = [];
  for (const found of context.unrecorded.entries()) {
    const records = recordsOf(found, adopted);
    if (records.length === 0) continue;
    const isRecorded = attachmentOf(context.ledger.state, found.key) !== undefined;
    if (found.freedMs === undefined && !isRecorded) changes.push(recoveredAttachment(context, found));
    changes.push(...records.map((record): StateChange => ({ put: "address", record })));
  }
  return changes;
}

/** Those of blocks that are known already. @throws STORE_FAILED */
export function recordRecovered(context: CloudContext, blocks: readonly Cidr[]): void {
  context.ledger.commit(planRecovered(context, blocks));
  noteRecovered(context, blocks);
}

/** To be called once the changes are committed. */
export function noteRecovered({ unrecorded, ledger }: CloudContext, adopted: readonly Cidr[]): void {
  for (const { key, addresses } of unrecorded.entries()) {
    const written = addresses.filter((address) =>
      adopted.some((cidr) => addressesOf(ledger.state, cidr).get(address) !== undefined),
    );
    unrecorded.recorded(key, written);
  }
}

function recordsOf(found: UnrecordedAttachment, adopted: readonly Cidr[]): AddressRecord[] {
  const { key, freedMs } = found;
  return found.addresses.flatMap((address): AddressRecord[] => {
    const block = adopted.find((cidr) => containsAddress(cidr, address));
    if (block === undefined) return [];
    return freedMs === undefined
      ? [{ address, block, state: "allocated", attachment: key }]
      : [{ address, block, state: "cooling", freedMs }];
  });
}

function recoveredAttachment({ settings, log }: CloudContext, { key, addresses }: UnrecordedAttachment): StateChange {
  log.warn("attachment recovered from the kernel", { ...key, addresses });
  const netns = { path: "", cookie: "0" };
  const spec = { key, netns, datapath: settings.config.datapath, addresses: [], mtuBytes: 0 };
  return { put: "attachment", record: { key, state: "ready", createdMs: 0, pod: {}, spec } };
}
