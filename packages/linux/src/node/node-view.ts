import { type Family, families } from "@podwire/core";
import type { KernelNumbers } from "../kernel-numbers.ts";
import type { Addr } from "../netlink/addr.ts";
import type { Link } from "../netlink/link.ts";
import type { Neigh } from "../netlink/neigh.ts";
import type { Netlink } from "../netlink/netlink.ts";
import type { Route } from "../netlink/route.ts";
import type { Rule } from "../netlink/rule.ts";
import type { Sysctl } from "../sysctl/sysctl.ts";

/** What the host's namespace holds, as far as podwire cares, at one time. */
export interface NodeView {
  readonly links: readonly Link[];
  readonly addrs: readonly Addr[];
  /** Those marked as podwire's, in any table. */
  readonly routes: readonly Route[];
  /** Everybody's. */
  readonly rules: readonly Rule[];
  readonly neighs: readonly Neigh[];
  /** A setting under /proc/sys; undefined when there is none of the name. */
  readonly setting: (name: string) => string | undefined;
}

export async function viewNode(netlink: Netlink, sysctl: Sysctl, { protocol }: KernelNumbers): Promise<NodeView> {
  const each = async <T>(read: (family: Family) => Promise<readonly T[]>) =>
    (await Promise.all(families.map(read))).flat();
  const [links, addrs, routes, rules, neighs] = await Promise.all([
    netlink.links(),
    netlink.addrs(),
    each((family) => netlink.routes({ family, protocol })),
    each((family) => netlink.rules(family)),
    each((family) => netlink.neighs(family)),
  ]);
  return { links, addrs, routes, rules, neighs, setting: sysctl.read };
}
