import { type CallOptions, type Cidr, PodwireError } from "@podwire/core";
import type { Ec2Api } from "./api.ts";
import { cidrsOf } from "./cloud-facts.ts";

export type SubnetCidrLookup = (
  subnetIds: ReadonlySet<string>,
  options: CallOptions,
) => Promise<ReadonlyMap<string, readonly Cidr[]>>;

/**
 * Ranges of subnets: each subnet is asked about once. EC2 never changes that of IPv4. One of IPv6 can come later, and
 * is then not known here.
 */
export function createSubnetCidrLookup(api: Ec2Api): SubnetCidrLookup {
  const known = new Map<string, readonly Cidr[]>();
  return async (subnetIds, options) => {
    const unknown = [...subnetIds].filter((id) => !known.has(id));
    if (unknown.length > 0) {
      const subnets = await api.describeSubnets({ filters: [{ name: "subnet-id", values: unknown }] }, options);
      for (const subnet of subnets) known.set(subnet.subnetId, cidrsOf(subnet));
    }
    const missing = unknown.find((id) => !known.has(id));
    if (missing === undefined) return known;
    throw new PodwireError("CLOUD_NOT_FOUND", `EC2 does not show subnet ${missing}, in which an interface is`, {
      value: missing,
    });
  };
}
