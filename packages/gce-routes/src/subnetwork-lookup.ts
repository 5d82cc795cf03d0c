import type { CallOptions, Clock } from "@podwire/core";
import type { ComputeApi, Subnetwork } from "./api.ts";
import { parseSubnetwork, pathOf } from "./resource-path.ts";

export type SubnetworkLookup = (url: string, options: CallOptions) => Promise<Subnetwork>;

/** Ranges of a subnetwork can grow and be added while it lives, but seldom do. */
const validMs = 600_000;

/** Subnetworks, each asked about once in ten minutes: a network has dozens of them. Failures are not kept. */
export function createSubnetworkLookup(api: ComputeApi, clock: Clock): SubnetworkLookup {
  const known = new Map<string, { readonly subnetwork: Subnetwork; readonly atMs: number }>();
  return async (url, options) => {
    const key = pathOf(url);
    const cached = known.get(key);
    if (cached !== undefined && clock.bootMs() - cached.atMs < validMs) return cached.subnetwork;
    const atMs = clock.bootMs();
    const subnetwork = await api.getSubnetwork(parseSubnetwork(url), options);
    known.set(key, { subnetwork, atMs });
    return subnetwork;
  };
}
