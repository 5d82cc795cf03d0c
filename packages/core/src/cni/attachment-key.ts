/** One ADD…DEL life. The names are those of the CNI specification. */
export interface AttachmentKey {
  /** `name` of the network configuration. */
  readonly network: string;
  /** CNI_CONTAINERID */
  readonly containerId: string;
  /** CNI_IFNAME */
  readonly ifName: string;
}

/** The key as one text, unique among valid keys (none of the parts may hold a slash). */
export function formatAttachmentKey(key: AttachmentKey): string {
  return `${key.network}/${key.containerId}/${key.ifName}`;
}
