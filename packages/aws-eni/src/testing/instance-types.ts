import type { InstanceTypeInfo } from "../api.ts";

/**
 * Interfaces, and addresses on each, from pkg/vpc/vpc_ip_resource_limit.go of aws/amazon-vpc-cni-k8s; IPv6 addresses
 * where they differ, and what runs the instances, as DescribeInstanceTypes shows them.
 */
const published: readonly (readonly [type: string, interfaces: number, addresses: number, ipv6?: number])[] = [
  ["t2.micro", 2, 2],
  ["t2.medium", 3, 6],
  ["m3.medium", 2, 6, 0],
  ["m4.large", 2, 10],
  ["t3.nano", 2, 2],
  ["t3.micro", 2, 2],
  ["t3.small", 3, 4],
  ["t3.medium", 3, 6],
  ["t3.large", 3, 12],
  ["c5.large", 3, 10],
  ["c5.xlarge", 4, 15],
  ["c5.4xlarge", 8, 30],
  ["c5.18xlarge", 15, 50],
  ["c5.metal", 15, 50],
  ["m5.large", 3, 10],
  ["m5.xlarge", 4, 15],
  ["m5.4xlarge", 8, 30],
  ["m5.24xlarge", 15, 50],
];

/** Types every scenario knows; a scenario can add more. */
export const knownInstanceTypes: readonly InstanceTypeInfo[] = published.map(
  ([instanceType, maximumNetworkInterfaces, ipv4AddressesPerInterface, ipv6 = ipv4AddressesPerInterface]) => ({
    instanceType,
    maximumNetworkInterfaces,
    ipv4AddressesPerInterface,
    ipv6AddressesPerInterface: ipv6,
    ...platformOf(instanceType),
  }),
);

function platformOf(instanceType: string): Pick<InstanceTypeInfo, "bareMetal" | "hypervisor"> {
  if (instanceType.endsWith(".metal")) return { bareMetal: true };
  return { bareMetal: false, hypervisor: /^(t2|m3|m4)\./.test(instanceType) ? "xen" : "nitro" };
}
