import type { InstanceTypeInfo } from "../api.ts";

/** Interfaces, and IPv4 addresses on each, from pkg/vpc/vpc_ip_resource_limit.go of aws/amazon-vpc-cni-k8s. */
const published: readonly (readonly [type: string, interfaces: number, addresses: number])[] = [
  ["t3.nano", 2, 2],
  ["t3.micro", 2, 2],
  ["t3.small", 3, 4],
  ["t3.medium", 3, 6],
  ["t3.large", 3, 12],
  ["c5.large", 3, 10],
  ["c5.xlarge", 4, 15],
  ["c5.4xlarge", 8, 30],
  ["c5.18xlarge", 15, 50],
  ["m5.large", 3, 10],
  ["m5.xlarge", 4, 15],
  ["m5.4xlarge", 8, 30],
  ["m5.24xlarge", 15, 50],
];

/** Types every scenario knows; a scenario can add more. */
export const knownInstanceTypes: readonly InstanceTypeInfo[] = published.map(
  ([instanceType, maximumNetworkInterfaces, ipv4AddressesPerInterface]) => ({
    instanceType,
    maximumNetworkInterfaces,
    ipv4AddressesPerInterface,
  }),
);
