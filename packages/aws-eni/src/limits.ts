import { type CallOptions, type Limits, type NodeRef, PodwireError, quoteValue } from "@podwire/core";
import type { Ec2Api, InstanceTypeInfo } from "./api.ts";

export type LimitsLookup = (node: NodeRef, options: CallOptions) => Promise<Limits>;

/** From EC2 itself, so that tomorrow's instance types work. Each type is asked about once; failures are not kept. */
export function createLimitsLookup(api: Ec2Api): LimitsLookup {
  const known = new Map<string, Limits>();
  return async (node, options) => {
    const cached = known.get(node.instanceType);
    if (cached !== undefined) return cached;
    const infos = await api.describeInstanceTypes({ instanceTypes: [node.instanceType] }, options);
    const limits = limitsOf(node.instanceType, infos);
    known.set(node.instanceType, limits);
    return limits;
  };
}

function limitsOf(instanceType: string, infos: readonly InstanceTypeInfo[]): Limits {
  const info = infos.find((candidate) => candidate.instanceType === instanceType);
  if (info === undefined) {
    throw new PodwireError("CLOUD_NOT_FOUND", `EC2 knows no instance type ${quoteValue(instanceType)}`, {
      value: quoteValue(instanceType),
    });
  }
  return {
    maxInterfaces: info.maximumNetworkInterfaces,
    // The interface's own address counts in EC2's number. No IPv6 blocks: see `capabilities`.
    blocksPerInterface: { 4: info.ipv4AddressesPerInterface - 1, 6: 0 },
  };
}
