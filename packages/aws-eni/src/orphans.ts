import type { CallOptions, ClusterScope, InterfaceRef } from "@podwire/core";
import type { Ec2Api } from "./api.ts";
import { ownerOf } from "./cloud-facts.ts";
import { tagKeys } from "./config.ts";

/** Interfaces with the tags of the cluster and of an instance, which no instance holds. */
export async function findOrphans(
  api: Ec2Api,
  { clusterName, networkId }: ClusterScope,
  options: CallOptions,
): Promise<readonly InterfaceRef[]> {
  const filters = [
    { name: "vpc-id", values: [networkId] },
    { name: "status", values: ["available"] },
    { name: "tag-key", values: [tagKeys.instance] },
    { name: `tag:${tagKeys.cluster}`, values: [clusterName] },
  ];
  const found = await api.describeNetworkInterfaces({ filters }, options);
  // EC2 reads wildcards in values and knows nothing of no-manage: what is ours is judged here.
  const ours = found.filter((own) => own.attachment === undefined && ownerOf(own, clusterName) === "ours");
  return ours.map((own) => ({
    id: own.networkInterfaceId,
    node: { cloud: "aws", id: own.tags[tagKeys.instance] ?? "" },
  }));
}
