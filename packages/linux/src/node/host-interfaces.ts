import type { HostInterface, MacAddress } from "@podwire/core";
import type { Addr } from "../netlink/addr.ts";
import type { Link } from "../netlink/link.ts";
import { attachmentOfLink } from "../veth/attachment-link.ts";

/** Kinds of link that borrow the MAC address of the interface they sit on. */
const stackedKinds: ReadonlySet<string> = new Set(["vlan", "macvlan", "macvtap", "ipvlan", "bridge", "bond", "team"]);

/** Every link with an Ethernet address, without podwire's own. */
export function hostInterfaces(links: readonly Link[], addrs: readonly Addr[]): readonly HostInterface[] {
  return links.flatMap((link) => {
    const { name, index, mac, up, mtuBytes } = link;
    if (mac === undefined || attachmentOfLink(link) !== undefined) return [];
    const own = addrs.filter(({ ifIndex }) => ifIndex === index);
    const addresses = own.map(({ address, prefixLength }) => ({ address, prefixLength }));
    return [{ name, index, mac, up, mtuBytes, addresses }];
  });
}

/** The link of the cloud's interface: cloud and kernel know it by its MAC address. Undefined while it is not there. */
export function linkOfMac(links: readonly Link[], mac: MacAddress): Link | undefined {
  const candidates = links.filter((link) => link.mac === mac && attachmentOfLink(link) === undefined);
  return candidates.find(({ kind }) => kind === undefined || !stackedKinds.has(kind));
}
