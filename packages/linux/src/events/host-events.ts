import type { CancelSignal, HostEvent } from "@podwire/core";
import type { HostNamespace } from "../namespace/host-namespace.ts";
import { netlinkFamily } from "../netlink/constants.ts";
import type { NetlinkMessage } from "../netlink/message.ts";
import type { Netlink } from "../netlink/netlink.ts";
import { nftTable } from "../nft/ruleset.ts";
import type { WatchedTable } from "../nft/watched-table.ts";
import { createEventDecoder } from "./decode-event.ts";
import { createEventQueue } from "./event-queue.ts";
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
  { namespace, netlink, table }: EventSources,
  signal: CancelSignal,
): AsyncGenerator<HostEvent, void> {
  if (signal.aborted) return;
  const decoder = createEventDecoder(nftTable);
  const queue = createEventQueue();
  const push = (event: HostEvent) => {
    // At once, not when somebody gets round to reading it.
    if (event.kind === "nft" || event.kind === "overrun") table.changed();
    queue.push(event);
  };
  const end = () => queue.end();
  signal.addEventListener("abort", end, { once: true });
  const monitors: Monitor[] = [];
  let endWatch = () => {};
  try {
    // One by one, so that the first is closed when the second cannot be opened.
    monitors.push(
      listen(namespace, push, { protocol: netlinkFamily.route, groups: routeGroups, decode: decoder.route }),
    );
    monitors.push(
      listen(namespace, push, { protocol: netlinkFamily.netfilter, groups: nftGroups, decode: decoder.nft }),
    );
    endWatch = table.watch();
    decoder.learn(await netlink.links());
    yield* queue.read();
  } finally {
    signal.removeEventListener("abort", end);
    endWatch();
    for (const monitor of monitors) monitor.close();
  }
}

export interface EventSources {
  readonly namespace: HostNamespace;
  readonly netlink: Netlink;
  /** Told of changes. */
  readonly table: Pick<WatchedTable, "watch" | "changed">;
}

interface Source {
  readonly protocol: number;
  readonly groups: readonly number[];
  readonly decode: (message: NetlinkMessage) => HostEvent | undefined;
}

type Push = (event: HostEvent) => void;

function listen({ runInside }: HostNamespace, push: Push, { protocol, groups, decode }: Source): Monitor {
  return openMonitor({
    protocol,
    groups,
    runInside,
    onOverrun: () => push({ kind: "overrun" }),
    onMessage: (message) => {
      const event = decode(message);
      if (event !== undefined) push(event);
    },
  });
}
