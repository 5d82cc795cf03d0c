import {
  addressBits,
  type BlockKind,
  type CallOptions,
  type Limits,
  type NodeRef,
  PodwireError,
  quoteValue,
} from "@podwire/core";
import type { Ec2Api, InstanceTypeInfo } from "./api.ts";
import { supportedKinds } from "./blocks.ts";

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
  const blockKinds = kindsOn(info);
  return {
    maxInterfaces: info.maximumNetworkInterfaces,
    // The interface's own address counts in EC2's number; of IPv6 it may have one.
    blocksPerInterface: {
      4: info.ipv4AddressesPerInterface - 1,
      6: blockKinds.some(({ family }) => family === 6) ? info.ipv6AddressesPerInterface - 1 : 0,
    },
    ...(blockKinds.length === supportedKinds.length ? {} : { blockKinds }),
  };
}

/** Prefixes need the Nitro system; bare metal has no hypervisor to say so: https://github.com/cilium/cilium/pull/39678 */
function kindsOn({ hypervisor, bareMetal, ipv6AddressesPerInterface }: InstanceTypeInfo): readonly BlockKind[] {
  const hasPrefixes = bareMetal || hypervisor === "nitro";
  return supportedKinds.filter(({ family, prefixLength }) => {
    if (prefixLength < addressBits(family) && !hasPrefixes) return false;
    return family === 4 || ipv6AddressesPerInterface > 1;
  });
}
