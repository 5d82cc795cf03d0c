import { type AttachmentKey, formatAttachmentKey } from "../cni/attachment-key.ts";
import type { DelRequest } from "../cni/verbs.ts";
import { attachmentOf, type NodeState } from "../store/node-state.ts";
import type { AttachmentRecord } from "../store/records.ts";
import type { AttachmentContext } from "./attachment-context.ts";
import { removeAttachment, removeUnrecorded } from "./remove-attachment.ts";

/**
 * DEL. Works from (containerID, ifName) alone, succeeds when nothing is there, and looks at no prevResult. A spooled
 * DEL older than the attachment belongs to an earlier life of the key and does nothing.
 */
export async function deleteAttachment(context: AttachmentContext, request: DelRequest): Promise<void> {
  for (const key of keysOf(context, request)) {
    await context.lanes.run(formatAttachmentKey(key), async () => {
      const record = attachmentOf(context.ledger.state, key);
      if (record === undefined) await removeUnknown(context, key);
      else if (request.madeMs === undefined || record.createdMs <= request.madeMs) {
        await removeAttachment(context, record);
      }
    });
  }
}

/** Those that are known; else the one that is named, so that a link without a record goes as well. */
function keysOf({ ledger, unrecorded }: AttachmentContext, request: DelRequest): readonly AttachmentKey[] {
  const { network, containerId, ifName } = request;
  const known = findAttachments(ledger.state, request).map(({ key }) => key);
  const found = known.length > 0 ? [] : unrecorded.matching({ containerId, ifName }).map(({ key }) => key);
  if (known.length + found.length > 0) return [...known, ...found];
  return network === undefined ? [] : [{ network, containerId, ifName }];
}

async function removeUnknown(context: AttachmentContext, key: AttachmentKey): Promise<void> {
  const [found] = context.unrecorded.matching(key);
  if (found === undefined) await context.host.detach(key);
  else await removeUnrecorded(context, found);
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
