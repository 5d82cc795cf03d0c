import { readFileSync } from "node:fs";
import { type Address, type Cidr, containsAddress, isPodwireError, type NetnsRef } from "@podwire/core";
import { type Netns, netnsCookie, openNetns, runInNetns } from "../namespace/netns.ts";
import { netlinkOver } from "../netlink/netlink.ts";
import { openNetlinkSocket } from "../netlink/socket.ts";

/**
 * Addresses inside `within` that are configured in the network namespaces mounted somewhere in the file system, as
 * container runtimes and `ip netns` do. The host's own namespace is left out.
 */
export async function addressesInUse(
  within: readonly Cidr[],
  hostCookie: string,
): Promise<ReadonlyMap<Address, NetnsRef>> {
  const found = new Map<Address, NetnsRef>();
  const seen = new Set([hostCookie]);
  for (const path of mountedNetnsPaths(readFileSync("/proc/self/mountinfo", "utf8"))) {
    for (const [address, ref] of await addressesAt(path, seen)) {
      if (within.some((cidr) => containsAddress(cidr, address))) found.set(address, ref);
    }
  }
  return found;
}

/** Mount points of network namespaces in the text of /proc/…/mountinfo. Pure; exported for its test. */
export function mountedNetnsPaths(mountinfo: string): readonly string[] {
  return mountinfo.split("\n").flatMap((line) => {
    const [, , , root, mountPoint] = line.split(" ");
    const isNetns = root?.startsWith("net:[") === true && line.includes(" - nsfs ");
    return isNetns && mountPoint !== undefined ? [unescapeMountPath(mountPoint)] : [];
  });
}

/** The kernel writes space, tab, newline and backslash as octal numbers. */
function unescapeMountPath(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** A namespace that goes away while it is looked at holds nothing any more. */
async function addressesAt(path: string, seen: Set<string>): Promise<readonly (readonly [Address, NetnsRef])[]> {
  let netns: Netns;
  try {
    netns = openNetns(path);
  } catch (error) {
    if (isPodwireError(error, "INVALID_NETNS")) return [];
    throw error;
  }
  try {
    const cookie = netnsCookie(netns);
    if (seen.has(cookie)) return [];
    seen.add(cookie);
    const addrs = await readAddrs(netns);
    return addrs.map(({ address }) => [address, { path, cookie }]);
  } catch (error) {
    if (isPodwireError(error, "INVALID_NETNS")) return [];
    throw error;
  } finally {
    netns.close();
  }
}

async function readAddrs(netns: Netns) {
  const netlink = netlinkOver(() => runInNetns(netns, openNetlinkSocket), 1);
  try {
    return await netlink.addrs();
  } finally {
    netlink.close();
  }
}
