import { formatAttachmentKey } from "../cni/attachment-key.ts";
import type { DelRequest } from "../cni/verbs.ts";
import { attachmentOf, type NodeState } from "../store/node-state.ts";
import type { AttachmentRecord } from "../store/records.ts";
import type { AttachmentContext } from "./attachment-context.ts";
import { removeAttachment } from "./remove-attachment.ts";

/**
 * DEL. Works from (containerID, ifName) alone, succeeds when nothing is there, and looks at no prevResult. A spooled
 * DEL older than the attachment belongs to an earlier life of the key and does nothing.
 */
export async function deleteAttachment(context: AttachmentContext, request: DelRequest): Promise<void> {
  const found = findAttachments(context.ledger.state, request).map(({ key }) => key);
  const named = request.network === undefined ? [] : [{ ...request, network: request.network }];
  const keys =
    found.length > 0 ? found : named.map(({ network, containerId, ifName }) => ({ network, containerId, ifName }));
  for (const key of keys) {
    await context.lanes.run(formatAttachmentKey(key), async () => {
      const record = attachmentOf(context.ledger.state, key);
      if (record === undefined) return context.host.detach(key);
      if (request.madeMs === undefined || record.createdMs <= request.madeMs) await removeAttachment(context, record);
    });
  }
}

/**
 * The attachment of the network, or else those of the same container and interface: the network may have been
 * renamed.
 */
function findAttachments(state: NodeState, request: DelRequest): AttachmentRecord[] {
  const { network, containerId, ifName } = request;
  const exact = network === undefined ? undefined : attachmentOf(state, { network, containerId, ifName });
  if (exact !== undefined) return [exact];
  return [...state.attachments.values()].filter(({ key }) => key.containerId === containerId && key.ifName === ifName);
}
