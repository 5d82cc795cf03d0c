import type { NetnsRef } from "@podwire/core";
import { type Netlink, netlinkOver } from "../netlink/netlink.ts";
import { openNetlinkSocket } from "../netlink/socket.ts";
import type { RunInside } from "../sysctl/sysctl.ts";
import { openKnownNetns, runInNetns } from "./netns.ts";

/** A pod's network namespace, open for work in it. */
export interface PodNamespace {
  readonly fd: number;
  readonly netlink: Netlink;
  readonly runInside: RunInside;
  close(): void;
}

/** @throws INVALID_NETNS when the namespace at the path is gone or not the one of the cookie */
export function openPodNamespace(ref: NetnsRef): PodNamespace {
  const netns = openKnownNetns(ref);
  try {
    const netlink = netlinkOver(() => runInNetns(netns, openNetlinkSocket), 1, netns.close);
    return {
      fd: netns.fd,
      netlink,
      runInside: (action) => runInNetns(netns, action),
      close: netlink.close,
    };
  } catch (error) {
    netns.close();
    throw error;
  }
}
