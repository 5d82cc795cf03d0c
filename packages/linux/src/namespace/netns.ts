import { closeSync, constants, openSync } from "node:fs";
import { PodwireError, quoteValue } from "@podwire/core";
import { libc } from "../libc.ts";
import { openNetlinkSocket } from "../netlink/socket.ts";
import { insideNetns } from "./inside-netns.ts";

/** An open network namespace: as long as it is open it exists, whatever becomes of its path. */
export interface Netns {
  readonly path: string;
  readonly fd: number;
  close(): void;
}

/**
 * Opens the namespace at an absolute path.
 * @throws INVALID_NETNS when the path is not absolute or nothing can be opened there
 */
export function openNetns(path: string): Netns {
  if (!path.startsWith("/") || path.includes("\0")) throw invalidNetns(path, "is not an absolute path");
  let fd: number;
  try {
    // O_NONBLOCK: opening a named pipe would wait for its other end.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw invalidNetns(path, code === "ENOENT" ? "does not exist" : `cannot be opened (${code})`, error);
  }
  return { path, fd, close: () => closeSync(fd) };
}

/**
 * What `action` returns, run synchronously inside the namespace.
 * @throws INVALID_NETNS when what is open there is no network namespace
 */
export function runInNetns<T>(netns: Netns, action: () => T): T {
  const entered = insideNetns(netns.fd, action);
  if (entered.entered) return entered.value;
  if (entered.errno === "EINVAL") throw invalidNetns(netns.path, "is no network namespace");
  throw new PodwireError("KERNEL_REFUSED", `cannot enter the network namespace ${netns.path}`, {
    op: `setns ${netns.path}`,
    details: entered.errno,
  });
}

/** The namespace's cookie as decimal digits. @throws INVALID_NETNS */
export function netnsCookie(netns: Netns): string {
  const socket = runInNetns(netns, openNetlinkSocket);
  try {
    return socketCookie(socket.fd);
  } finally {
    socket.close();
  }
}

export function invalidNetns(path: string, what: string, cause?: unknown): PodwireError {
  return new PodwireError("INVALID_NETNS", `network namespace ${quoteValue(path)} ${what}`, {
    field: "CNI_NETNS",
    value: quoteValue(path),
    cause,
  });
}

const solSocket = 1;
const soNetnsCookie = 71;

/** SO_NETNS_COOKIE, Linux 5.14: the namespace that the socket was made in. */
export function socketCookie(fd: number): string {
  const value = Buffer.alloc(8);
  if (libc.getsockopt(fd, solSocket, soNetnsCookie, value, Uint32Array.of(8)) === 0) {
    return value.readBigUInt64LE().toString();
  }
  throw new PodwireError("HOST_UNFIT", "the kernel does not tell namespaces apart (SO_NETNS_COOKIE, Linux 5.14)", {
    details: libc.errnoName(),
  });
}
