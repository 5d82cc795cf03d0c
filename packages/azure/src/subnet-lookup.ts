import { type CallOptions, PodwireError } from "@podwire/core";
import type { ArmApi, Subnet } from "./api.ts";
import { idKey, networkIdOf } from "./resource-id.ts";

export type SubnetLookup = (subnetId: string, options: CallOptions) => Promise<Subnet>;

/**
 * Subnets by id, as their network writes them. Each network is asked once: a subnet that has interfaces keeps its
 * ranges.
 */
export function createSubnetLookup(api: ArmApi): SubnetLookup {
  const known = new Map<string, Subnet>();
  return async (subnetId, options) => {
    const key = idKey(subnetId);
    if (!known.has(key)) {
      const network = await api.getVirtualNetwork(networkIdOf(subnetId), options);
      for (const subnet of network.properties.subnets) known.set(idKey(subnet.id), subnet);
    }
    const subnet = known.get(key);
    if (subnet !== undefined) return subnet;
    throw new PodwireError("CLOUD_NOT_FOUND", `Azure does not show subnet ${subnetId}, in which an interface is`, {
      op: `find ${subnetId}`,
      value: subnetId,
    });
  };
}
