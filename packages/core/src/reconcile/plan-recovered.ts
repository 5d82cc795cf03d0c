import { type Cidr, containsAddress } from "../address/cidr.ts";
import type { FoundAttachment } from "../host/attachment-spec.ts";
import { attachmentOf } from "../store/node-state.ts";
import type { StateChange } from "../store/state-change.ts";
import type { CloudContext } from "./cloud-context.ts";

/**
 * Attachments that live in the kernel but not in the state (the state file was lost) come back with the blocks that
 * hold their addresses, in the same commit, so that no address of theirs can be handed out. They have neither facts nor
 * result: DEL works, ADD takes them for stale, CHECK fails.
 */
export function planRecovered(
  { ledger, unrecorded, clock, settings, log }: CloudContext,
  adopted: readonly Cidr[],
): StateChange[] {
  const changes: StateChange[] = [];
  for (const found of unrecorded) {
    const held = found.addresses.flatMap((address) => {
      const block = adopted.find((cidr) => containsAddress(cidr, address));
      return block === undefined ? [] : [{ address, block }];
    });
    if (held.length === 0 || attachmentOf(ledger.state, found.key) !== undefined) continue;
    changes.push(recoveredAttachment(found, { nowMs: clock.bootMs(), datapath: settings.config.datapath }));
    for (const { address, block } of held) {
      changes.push({ put: "address", record: { address, block, state: "allocated", attachment: found.key } });
    }
    log.warn("attachment recovered from the kernel", { ...found.key, addresses: found.addresses });
  }
  return changes;
}

function recoveredAttachment(
  { key }: FoundAttachment,
  facts: { readonly nowMs: number; readonly datapath: "veth" },
): StateChange {
  return {
    put: "attachment",
    record: {
      key,
      state: "ready",
      createdMs: facts.nowMs,
      pod: {},
      spec: { key, netns: { path: "", cookie: "0" }, datapath: facts.datapath, addresses: [], mtuBytes: 0 },
    },
  };
}
