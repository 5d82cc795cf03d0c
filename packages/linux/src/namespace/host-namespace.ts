import type { NetlinkSocket } from "../netlink/socket.ts";
import { openNetlinkSocket } from "../netlink/socket.ts";
import type { RunInside } from "../sysctl/sysctl.ts";
import { openNetns, runInNetns, socketCookie } from "./netns.ts";

/** The namespace that podwire calls the host's: the process's own, or in tests that of a pretended node. */
export interface HostNamespace {
  /** Undefined = the process's own. */
  readonly path: string | undefined;
  readonly cookie: string;
  readonly runInside: RunInside;
  openSocket(): NetlinkSocket;
  close(): void;
}

/** @throws INVALID_NETNS */
export function openHostNamespace(path: string | undefined): HostNamespace {
  if (path === undefined) return hostNamespace(path, runHere, () => {});
  const netns = openNetns(path);
  try {
    return hostNamespace(path, (action) => runInNetns(netns, action), netns.close);
  } catch (error) {
    netns.close();
    throw error;
  }
}

function runHere<T>(action: () => T): T {
  return action();
}

function hostNamespace(path: string | undefined, runInside: RunInside, close: () => void): HostNamespace {
  const openSocket = () => runInside(openNetlinkSocket);
  const socket = openSocket();
  try {
    return { path, cookie: socketCookie(socket.fd), runInside, openSocket, close };
  } finally {
    socket.close();
  }
}
