import type { Address } from "../address/address.ts";
import { type AttachmentKey, formatAttachmentKey } from "../cni/attachment-key.ts";
import type { FoundAttachment } from "../host/attachment-spec.ts";

/** An attachment the kernel holds, or held, and the state does not know: the state file was lost while pods lived. */
export interface UnrecordedAttachment {
  readonly key: AttachmentKey;
  /** Those that no block of the state holds yet. */
  readonly addresses: readonly Address[];
  /** Set once it was taken out of the kernel: its addresses rest like any other's. */
  readonly freedMs?: number;
}

/** They hold their addresses until the cloud has shown the blocks: then these are written down with the blocks. */
export interface UnrecordedAttachments {
  add(found: readonly FoundAttachment[]): void;
  entries(): readonly UnrecordedAttachment[];
  /** Those of the container's interface still in the kernel; of any network when that is not known. */
  matching(request: Partial<Pick<AttachmentKey, "network">> & Omit<AttachmentKey, "network">): UnrecordedAttachment[];
  /** It is out of the kernel. Nothing where the key is not among them. */
  freed(key: AttachmentKey, nowMs: number): void;
  /** These addresses of it are written down. */
  recorded(key: AttachmentKey, addresses: readonly Address[]): void;
}

export function createUnrecorded(): UnrecordedAttachments {
  const entries = new Map<string, UnrecordedAttachment>();
  return {
    add(found) {
      for (const { key, addresses } of found) entries.set(formatAttachmentKey(key), { key, addresses });
    },
    entries: () => [...entries.values()],
    matching: ({ network, containerId, ifName }) =>
      [...entries.values()].filter(
        ({ key, freedMs }) =>
          freedMs === undefined &&
          key.containerId === containerId &&
          key.ifName === ifName &&
          (network === undefined || key.network === network),
      ),
    freed(key, nowMs) {
      const entry = entries.get(formatAttachmentKey(key));
      if (entry !== undefined) entries.set(formatAttachmentKey(key), { ...entry, freedMs: nowMs });
    },
    recorded(key, addresses) {
      const entry = entries.get(formatAttachmentKey(key));
      if (entry === undefined) return;
      const left = entry.addresses.filter((address) => !addresses.includes(address));
      if (left.length === 0) entries.delete(formatAttachmentKey(key));
      else entries.set(formatAttachmentKey(key), { ...entry, addresses: left });
    },
  };
}
