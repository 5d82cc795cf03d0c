import type { CancelSignal, HostEvent } from "@podwire/core";
import type { HostNamespace } from "../namespace/host-namespace.ts";
import { netlinkFamily } from "../netlink/constants.ts";
import type { NetlinkMessage } from "../netlink/message.ts";
import type { Netlink } from "../netlink/netlink.ts";
import { nftTable } from "../nft/ruleset.ts";
import { createEventDecoder } from "./decode-event.ts";
import { createEventQueue, type EventQueue } from "./event-queue.ts";
import { type Monitor, openMonitor } from "./monitor.ts";

/** RTNLGRP_LINK, NEIGH, IPV4_IFADDR, IPV4_ROUTE, IPV4_RULE, IPV6_IFADDR, IPV6_ROUTE, IPV6_RULE */
const routeGroups: readonly number[] = [1, 3, 5, 7, 8, 9, 11, 19];
/** NFNLGRP_NFTABLES */
const nftGroups: readonly number[] = [7];

/**
 * What moves in the host's namespace, from the first call of `next` on. IPv4 routes that go with a link or with its
 * last address are not announced by the kernel: whoever audits has to do so on `link` and `addr` as well.
 */
export async function* hostEvents(
  namespace: HostNamespace,
  netlink: Netlink,
  signal: CancelSignal,
): AsyncGenerator<HostEvent, void> {
  if (signal.aborted) return;
  const decoder = createEventDecoder(nftTable);
  const queue = createEventQueue();
  const end = () => queue.end();
  signal.addEventListener("abort", end, { once: true });
  const monitors: Monitor[] = [];
  try {
    // One by one, so that the first is closed when the second cannot be opened.
    monitors.push(
      listen(namespace, queue, { protocol: netlinkFamily.route, groups: routeGroups, decode: decoder.route }),
    );
    monitors.push(
      listen(namespace, queue, { protocol: netlinkFamily.netfilter, groups: nftGroups, decode: decoder.nft }),
    );
    decoder.learn(await netlink.links());
    yield* queue.read();
  } finally {
    signal.removeEventListener("abort", end);
    for (const monitor of monitors) monitor.close();
  }
}

interface Source {
  readonly protocol: number;
  readonly groups: readonly number[];
  readonly decode: (message: NetlinkMessage) => HostEvent | undefined;
}

function listen({ runInside }: HostNamespace, queue: EventQueue, { protocol, groups, decode }: Source): Monitor {
  return openMonitor({
    protocol,
    groups,
    runInside,
    onOverrun: () => queue.push({ kind: "overrun" }),
    onMessage: (message) => {
      const event = decode(message);
      if (event !== undefined) queue.push(event);
    },
  });
}
