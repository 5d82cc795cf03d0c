import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "./plugin.ts";

const ptp = "/usr/lib/cni/ptp";

/** Debian's ptp with host-local: veth, routes and addresses too, from a file on disk in place of a cloud. */
export interface Peer {
  /** Undefined where the package is not installed. */
  readonly plugin: Plugin | undefined;
  /** What a row's note says about it. */
  readonly note: string;
}

export function findPeer(directory: string): Peer {
  if (!existsSync(ptp)) return { plugin: undefined, note: `no peer, for want of ${ptp}` };
  const ipam = { type: "host-local", subnet: "10.99.0.0/16", dataDir: join(directory, "host-local") };
  const config = { cniVersion: "1.0.0", name: "bench-ptp", type: "ptp", ipam };
  return { plugin: { path: ptp, config, environment: {} }, note: "peer: Debian's ptp and host-local" };
}
