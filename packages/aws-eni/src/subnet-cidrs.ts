import { type CallOptions, type Cidr, PodwireError, parseCidr } from "@podwire/core";
import type { Ec2Api } from "./api.ts";

export type SubnetCidrLookup = (
  subnetIds: ReadonlySet<string>,
  options: CallOptions,
) => Promise<ReadonlyMap<string, Cidr>>;

/** IPv4 ranges of subnets, which EC2 never changes: each subnet is asked about once. */
export function createSubnetCidrLookup(api: Ec2Api): SubnetCidrLookup {
  const known = new Map<string, Cidr>();
  return async (subnetIds, options) => {
    const unknown = [...subnetIds].filter((id) => !known.has(id));
    if (unknown.length > 0) {
      const subnets = await api.describeSubnets({ filters: [{ name: "subnet-id", values: unknown }] }, options);
      for (const subnet of subnets) known.set(subnet.subnetId, parseCidr(subnet.cidrBlock));
    }
    const missing = unknown.find((id) => !known.has(id));
    if (missing === undefined) return known;
    throw new PodwireError("CLOUD_NOT_FOUND", `EC2 does not show subnet ${missing}, in which an interface is`, {
      value: missing,
    });
  };
}
