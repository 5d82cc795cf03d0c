import { formatAttachmentKey } from "../cni/attachment-key.ts";
import type { GcRequest } from "../cni/verbs.ts";
import { errorFrom, PodwireError } from "../errors/podwire-error.ts";
import { attachmentOf } from "../store/node-state.ts";
import type { AttachmentRecord } from "../store/records.ts";
import type { AttachmentContext } from "./attachment-context.ts";
import { removeAttachment } from "./remove-attachment.ts";

/**
 * GC: removes attachments of this network that the runtime does not list. An absent list removes nothing, an empty one
 * everything; an attachment that a verb is working on is left alone. Goes on after a failure and reports all of them.
 */
export async function collectAttachments(context: AttachmentContext, request: GcRequest): Promise<void> {
  if (request.validAttachments === undefined) return;
  const valid = new Set(request.validAttachments.map(({ containerId, ifName }) => `${containerId}/${ifName}`));
  const failures: string[] = [];
  for (const { key, createdMs } of [...context.ledger.state.attachments.values()].filter(isStale)) {
    try {
      await context.lanes.run(formatAttachmentKey(key), async () => {
        const record = attachmentOf(context.ledger.state, key);
        // The key may have been deleted and added again meanwhile: that attachment was not judged.
        if (record?.createdMs === createdMs) await removeAttachment(context, record);
      });
      context.log.info("attachment collected", { key: formatAttachmentKey(key) });
    } catch (error) {
      failures.push(`${formatAttachmentKey(key)}: ${errorFrom(error).message}`);
    }
  }
  if (failures.length > 0) {
    throw new PodwireError("KERNEL_REFUSED", `${failures.length} attachments could not be collected`, {
      op: `gc ${request.network}`,
      details: failures.join("; "),
    });
  }

  function isStale({ key }: AttachmentRecord): boolean {
    const inNetwork = key.network === request.network && !valid.has(`${key.containerId}/${key.ifName}`);
    return inNetwork && !context.lanes.busy(formatAttachmentKey(key));
  }
}
