import { closeSync, readSync } from "node:fs";
import { PodwireError } from "@podwire/core";
import { libc, pollReadable } from "../libc.ts";
import { addressFamily } from "../netlink/constants.ts";
import { type NetlinkMessage, splitMessages } from "../netlink/message.ts";
import type { RunInside } from "../sysctl/sysctl.ts";

export interface MonitorOptions {
  /** NETLINK_ROUTE or NETLINK_NETFILTER. */
  readonly protocol: number;
  /** Numbers of multicast groups, 1…32. */
  readonly groups: readonly number[];
  readonly runInside: RunInside;
  onMessage(message: NetlinkMessage): void;
  /** The kernel had more to say than the socket could hold. */
  onOverrun(): void;
}

export interface Monitor {
  close(): void;
}

const sockRaw = 3;
const sockNonblock = 0o4000;
const sockCloexec = 0o2000000;
const solSocket = 1;
const soRcvbufforce = 33;
/** Thousands of changes while the event loop is busy elsewhere. */
const receiveBufferBytes = 4 << 20;
const datagramBytes = 1 << 16;

/**
 * Listens to the kernel's notifications until closed. The socket sits in Node's event loop and does not keep the
 * process alive. @throws KERNEL_REFUSED
 */
export function openMonitor(options: MonitorOptions): Monitor {
  const fd = options.runInside(() =>
    libc.socket(addressFamily.netlink, sockRaw | sockNonblock | sockCloexec, options.protocol),
  );
  if (fd < 0) throw refused("socket", libc.errnoName());
  try {
    libc.setsockopt(fd, solSocket, soRcvbufforce, Buffer.from(Uint32Array.of(receiveBufferBytes).buffer), 4);
    // A socket that is not bound gets no notifications.
    if (libc.bind(fd, socketAddress(options.groups), 12) !== 0) throw refused("bind", libc.errnoName());
    const buffer = Buffer.alloc(datagramBytes);
    const poll = pollReadable(fd, () => drain(fd, buffer, options));
    return {
      close: () => {
        poll.close();
        closeSync(fd);
      },
    };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** struct sockaddr_nl */
function socketAddress(groups: readonly number[]): Buffer {
  const address = Buffer.alloc(12);
  address.writeUInt16LE(addressFamily.netlink, 0);
  address.writeUInt32LE(
    groups.reduce((mask, group) => (mask | (1 << (group - 1))) >>> 0, 0),
    8,
  );
  return address;
}

function drain(fd: number, buffer: Buffer, { onMessage, onOverrun }: MonitorOptions): void {
  for (;;) {
    try {
      const length = readSync(fd, buffer);
      for (const message of splitMessages(buffer.subarray(0, length))) onMessage(message);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EINTR") continue;
      if (code === "EAGAIN") return;
      // ENOBUFS, or a datagram longer than any we know: something was missed. The next read goes on.
      onOverrun();
      if (code !== "ENOBUFS") return;
    }
  }
}

function refused(op: string, details: string): PodwireError {
  return new PodwireError("KERNEL_REFUSED", `the kernel refused a netlink monitor (${op}: ${details})`, {
    op,
    details,
  });
}
