import { PodwireError, quoteValue } from "../errors/podwire-error.ts";

/** One ADD…DEL life. The names are those of the CNI specification. */
export interface AttachmentKey {
  /** `name` of the network configuration. */
  readonly network: string;
  /** CNI_CONTAINERID */
  readonly containerId: string;
  /** CNI_IFNAME */
  readonly ifName: string;
}

/**
 * How many bytes the parts of a key may take together: the key must fit into the alias of a link (255 bytes in the
 * kernel, IFALIASZ) with room for what marks the alias as ours. A runtime's container id has 64.
 */
export const maxAttachmentKeyBytes = 200;

/** The key as one text, unique among valid keys (none of the parts may hold a slash). */
export function formatAttachmentKey(key: AttachmentKey): string {
  return `${key.network}/${key.containerId}/${key.ifName}`;
}

/**
 * The key of parts that are valid each.
 * @throws INVALID_NETWORK_CONFIG when they are too long together
 */
export function attachmentKey(network: string, containerId: string, ifName: string): AttachmentKey {
  const bytes = network.length + containerId.length + ifName.length;
  if (bytes <= maxAttachmentKeyBytes) return { network, containerId, ifName };
  throw new PodwireError(
    "INVALID_NETWORK_CONFIG",
    `name ${quoteValue(network)} is too long: with CNI_CONTAINERID and CNI_IFNAME it takes ${bytes} bytes, ` +
      `at most ${maxAttachmentKeyBytes} are possible`,
    { field: "name", value: quoteValue(network) },
  );
}
