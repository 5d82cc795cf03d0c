import type { NetnsRef } from "@podwire/core";
import { type Netlink, netlinkOver } from "../netlink/netlink.ts";
import { type NetlinkSocket, openNetlinkSocket } from "../netlink/socket.ts";
import type { RunInside } from "../sysctl/sysctl.ts";
import { invalidNetns, type Netns, openNetns, runInNetns, socketCookie } from "./netns.ts";

/** A pod's network namespace, open for work in it. */
export interface PodNamespace {
  readonly fd: number;
  readonly netlink: Netlink;
  readonly runInside: RunInside;
  close(): void;
}

/** @throws INVALID_NETNS when the namespace at the path is gone or not the one of the cookie */
export function openPodNamespace(ref: NetnsRef): PodNamespace {
  const netns = openNetns(ref.path);
  try {
    const open = () => openKnownSocket(netns, ref);
    const netlink = netlinkOver(open, 1, netns.close);
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

/** A socket in the namespace tells which one it is. @throws INVALID_NETNS when it is not the one that is meant */
function openKnownSocket(netns: Netns, { path, cookie }: NetnsRef): NetlinkSocket {
  const socket = runInNetns(netns, openNetlinkSocket);
  if (socketCookie(socket.fd) === cookie) return socket;
  socket.close();
  throw invalidNetns(path, "is another network namespace than before");
}
