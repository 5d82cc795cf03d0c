import { addressesHeldBy, releaseAddresses } from "../pool/release.ts";
import type { AttachmentRecord } from "../store/records.ts";
import type { AttachmentContext } from "./attachment-context.ts";

/**
 * Takes an attachment out of the kernel, then lets its addresses cool down and forgets it. In this order: an address
 * must not be free while the kernel still routes it. When the kernel refuses, the record stays `deleting` and keeps its
 * addresses; the agent tries again.
 */
export async function removeAttachment(context: AttachmentContext, record: AttachmentRecord): Promise<void> {
  const { ledger, host, clock, timings, queue } = context;
  const { key } = record;
  if (record.state !== "deleting") {
    const { facts: _facts, result: _result, ...rest } = record;
    ledger.commit([{ put: "attachment", record: { ...rest, state: "deleting" } }]);
  }
  await host.detach(
    key,
    addressesHeldBy(ledger.state, key).map(({ address }) => address),
  );
  ledger.commit([...releaseAddresses(ledger.state, key, clock.bootMs()), { delete: "attachment", key }]);
  timings.delete(key);
  queue.serve();
  context.onRelease();
}
