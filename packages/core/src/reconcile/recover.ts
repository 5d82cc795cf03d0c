import type { AttachmentContext } from "../attachment/attachment-context.ts";
import { removeAttachment } from "../attachment/remove-attachment.ts";
import { formatAttachmentKey } from "../cni/attachment-key.ts";
import { errorFrom } from "../errors/podwire-error.ts";
import type { FoundAttachment } from "../host/attachment-spec.ts";
import { attachmentOf } from "../store/node-state.ts";
import type { AttachmentRecord } from "../store/records.ts";

/**
 * Takes back every attachment that is neither wholly there nor wholly gone. The caller of an ADD that was interrupted
 * never got an address; a DEL that was interrupted is finished. What the kernel refuses stays for the next time.
 */
export async function finishInterrupted(context: AttachmentContext): Promise<void> {
  const interrupted = [...context.ledger.state.attachments.values()].filter(isInterrupted);
  for (const { key } of interrupted) {
    const name = formatAttachmentKey(key);
    if (context.lanes.busy(name)) continue;
    try {
      await context.lanes.run(name, async () => {
        const record = attachmentOf(context.ledger.state, key);
        if (record !== undefined && isInterrupted(record)) await removeAttachment(context, record);
      });
      context.log.info("interrupted attachment taken back", { key: name });
    } catch (thrown) {
      const { code, message } = errorFrom(thrown);
      context.log.error("interrupted attachment not yet taken back", { key: name, code, message });
    }
  }
}

/** Attachments of ours in the kernel that the state does not know: it was lost. */
export async function findUnrecorded(context: AttachmentContext): Promise<FoundAttachment[]> {
  const found = await context.host.attachments();
  return found.filter(({ key }) => attachmentOf(context.ledger.state, key) === undefined);
}

function isInterrupted({ state }: AttachmentRecord): boolean {
  return state !== "ready";
}
