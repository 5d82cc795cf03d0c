import { addressesHeldBy, releaseAddresses } from "../pool/release.ts";
import type { AttachmentRecord } from "../store/records.ts";
import type { AttachmentContext } from "./attachment-context.ts";
import type { UnrecordedAttachment } from "./unrecorded.ts";

/**
 * Takes an attachment out of the kernel, then lets its addresses cool down and forgets it. In this order: an address
 * must not be free while the kernel still routes it. When the kernel refuses, the record stays `deleting` and keeps its
 * addresses; the agent tries again.
 */
export async function removeAttachment(context: AttachmentContext, record: AttachmentRecord): Promise<void> {
  const { ledger, host, clock, timings, queue, unrecorded } = context;
  const { key } = record;
  // `allocating` says already that the kernel may hold anything: a disk that is full must not keep the link there.
  if (record.state === "ready") {
    const { facts: _facts, result: _result, ...rest } = record;
    ledger.commit([{ put: "attachment", record: { ...rest, state: "deleting" } }]);
  }
  await host.detach(
    key,
    addressesHeldBy(ledger.state, key).map(({ address }) => address),
  );
  ledger.commit([...releaseAddresses(ledger.state, key, clock.bootMs()), { delete: "attachment", key }]);
  unrecorded.freed(key, clock.bootMs());
  timings.delete(key);
  queue.serve();
  context.onRelease();
}

/** The same for one that only the kernel knows. Its addresses are written down with their blocks, as resting. */
export async function removeUnrecorded(
  { host, unrecorded, clock }: AttachmentContext,
  { key, addresses }: UnrecordedAttachment,
): Promise<void> {
  await host.detach(key, addresses);
  unrecorded.freed(key, clock.bootMs());
}
