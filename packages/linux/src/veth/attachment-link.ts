import { createHash } from "node:crypto";
import { type AttachmentKey, formatAttachmentKey, type MacAddress, macFromBytes, PodwireError } from "@podwire/core";
import type { Link } from "../netlink/link.ts";

/** Start of the name of every host interface podwire makes; nft rules match it as `pw*`. */
export const hostIfNamePrefix = "pw";

const aliasPrefix = "podwire:";
/** IFALIASZ less the zero at its end. */
const maxAliasBytes = 255;

/**
 * Name and MAC addresses of an attachment's pair of links follow from its key alone: DEL needs nothing else, and the
 * same ADD again makes the same. A MAC that was set, not drawn by the kernel, is also one that udev leaves alone.
 */
export interface LinkIdentity {
  readonly hostIfName: string;
  readonly hostMac: MacAddress;
  readonly podMac: MacAddress;
}

export function linkIdentity(key: AttachmentKey): LinkIdentity {
  const digest = createHash("sha256").update(formatAttachmentKey(key)).digest();
  return {
    hostIfName: hostIfNamePrefix + digest.toString("hex", 0, 6),
    hostMac: localMac(digest.subarray(6, 12)),
    podMac: localMac(digest.subarray(12, 18)),
  };
}

/** The host interface's alias, from which the attachment is known again when all state is lost. */
export function attachmentAlias(key: AttachmentKey): string {
  const alias = aliasPrefix + formatAttachmentKey(key);
  if (Buffer.byteLength(alias) <= maxAliasBytes) return alias;
  throw new PodwireError(
    "NOT_SUPPORTED",
    `attachment key of ${Buffer.byteLength(alias) - aliasPrefix.length} bytes is longer than a link's alias can hold`,
    { details: `at most ${maxAliasBytes - aliasPrefix.length} bytes for network, container id and interface name` },
  );
}

/** The key in the alias of one of our links; undefined for every other link. */
export function attachmentOfLink(link: Link): AttachmentKey | undefined {
  const alias = link.alias?.startsWith(aliasPrefix) ? link.alias.slice(aliasPrefix.length) : "";
  const [network, containerId, ifName, ...rest] = alias.split("/");
  if (!network || !containerId || !ifName || rest.length > 0) return undefined;
  const key = { network, containerId, ifName };
  return linkIdentity(key).hostIfName === link.name ? key : undefined;
}

/**
 * Whether the link is the attachment's host end. One of its very name without any alias is, too: a crash came between
 * the link and its alias.
 */
export function isHostEnd(link: Link, key: AttachmentKey): boolean {
  if (link.name !== linkIdentity(key).hostIfName || link.kind !== "veth") return false;
  return link.alias === undefined || link.alias === attachmentAlias(key);
}

/** Finds host ends among all links of a node: with one digest an attachment, not one for every link and attachment. */
export function hostEndsAmong(links: readonly Link[]): (key: AttachmentKey) => Link | undefined {
  const byName = new Map(links.map((link) => [link.name, link]));
  return (key) => {
    const link = byName.get(linkIdentity(key).hostIfName);
    return link !== undefined && isHostEnd(link, key) ? link : undefined;
  };
}

/** Locally administered, not multicast. */
function localMac(bytes: Buffer): MacAddress {
  const mac = Buffer.from(bytes);
  mac[0] = ((mac[0] ?? 0) & 0xfc) | 0x02;
  return macFromBytes(mac);
}
