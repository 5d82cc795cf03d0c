import type { CallOptions } from "@podwire/core";

/** The calls of EC2 that podwire makes, in EC2's words. */
export const ec2Actions = {
  DescribeInstanceTypes: { mutates: false, op: "describe the instance type" },
  DescribeNetworkInterfaces: { mutates: false, op: "describe the network interfaces of" },
  DescribeSubnets: { mutates: false, op: "describe the subnets of" },
  DescribeVpcs: { mutates: false, op: "describe" },
  AssignPrivateIpAddresses: { mutates: true, op: "assign addresses to" },
  UnassignPrivateIpAddresses: { mutates: true, op: "unassign addresses from" },
  AssignIpv6Addresses: { mutates: true, op: "assign IPv6 prefixes to" },
  UnassignIpv6Addresses: { mutates: true, op: "unassign IPv6 prefixes from" },
  CreateNetworkInterface: { mutates: true, op: "create an interface in" },
  AttachNetworkInterface: { mutates: true, op: "attach" },
  ModifyNetworkInterfaceAttribute: { mutates: true, op: "set delete-on-termination of" },
  DetachNetworkInterface: { mutates: true, op: "detach" },
  DeleteNetworkInterface: { mutates: true, op: "delete" },
} as const satisfies Record<string, { readonly mutates: boolean; readonly op: string }>;

export type Ec2Action = keyof typeof ec2Actions;

/** Any of `values`; `*` and `?` are wildcards. Several filters must all match. */
export interface Filter {
  readonly name: string;
  readonly values: readonly string[];
}

export interface InstanceTypeInfo {
  readonly instanceType: string;
  readonly maximumNetworkInterfaces: number;
  /** Counts the interface's own primary address, and each prefix as one. */
  readonly ipv4AddressesPerInterface: number;
  /** Counts addresses and prefixes alike; 0 where there is no IPv6. */
  readonly ipv6AddressesPerInterface: number;
  /** `nitro` or `xen`; absent on bare metal. */
  readonly hypervisor?: string;
  readonly bareMetal: boolean;
}

export interface PrivateIpAddress {
  readonly privateIpAddress: string;
  readonly primary: boolean;
}

export interface Attachment {
  readonly attachmentId: string;
  readonly instanceId: string;
  readonly deviceIndex: number;
  readonly networkCardIndex: number;
  /** The interface goes away with the instance. */
  readonly deleteOnTermination: boolean;
}

export interface NetworkInterface {
  readonly networkInterfaceId: string;
  readonly macAddress: string;
  readonly subnetId: string;
  /** Absent when no instance holds it. */
  readonly attachment?: Attachment;
  readonly securityGroupIds: readonly string[];
  readonly privateIpAddresses: readonly PrivateIpAddress[];
  readonly ipv4Prefixes: readonly string[];
  readonly ipv6Addresses: readonly string[];
  readonly ipv6Prefixes: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

export interface Subnet {
  readonly subnetId: string;
  readonly availabilityZone: string;
  readonly cidrBlock: string;
  /** One at most today. Blocks that are coming, going or gone are left out. */
  readonly ipv6CidrBlocks: readonly string[];
  /** Of IPv4. */
  readonly availableIpAddressCount: number;
  readonly tags: Readonly<Record<string, string>>;
}

export interface Vpc {
  readonly vpcId: string;
  /** The first one and those associated later. Blocks that are failing, going or gone are left out. */
  readonly cidrBlocks: readonly string[];
  /** Likewise. */
  readonly ipv6CidrBlocks: readonly string[];
}

/** One of the two: EC2 takes no more in one call. */
export type Ipv4Count = { readonly secondaryPrivateIpAddressCount: number } | { readonly ipv4PrefixCount: number };

export interface AssignedAddresses {
  readonly privateIpAddresses: readonly string[];
  readonly ipv4Prefixes: readonly string[];
}

export interface InterfaceCreation {
  readonly subnetId: string;
  readonly description: string;
  readonly securityGroupIds: readonly string[];
  /** Beside the interface's own; absent = none. */
  readonly secondaryPrivateIpAddressCount?: number;
  /** Instead of single addresses: EC2 takes one of the two in a call. */
  readonly ipv4PrefixCount?: number;
  /** An interface with IPv6 prefixes gets no IPv6 address of its own: EC2 gives one of the two in a call. */
  readonly ipv6PrefixCount?: number;
  readonly clientToken: string;
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * For every call: one request is sent once (a describe: one a page), nothing is retried. Rejects only with
 * PodwireError; codes are those of the table in errors.ts. A describe is complete, or it rejects.
 */
export interface Ec2Api {
  /** Throws CLOUD_REJECTED for a type that EC2 does not know in the region. */
  describeInstanceTypes(
    input: { readonly instanceTypes: readonly string[] },
    options: CallOptions,
  ): Promise<readonly InstanceTypeInfo[]>;

  /** By filter: those that match, perhaps none. By id: all of them, or CLOUD_NOT_FOUND. */
  describeNetworkInterfaces(
    input: { readonly filters: readonly Filter[] } | { readonly networkInterfaceIds: readonly string[] },
    options: CallOptions,
  ): Promise<readonly NetworkInterface[]>;

  describeSubnets(input: { readonly filters: readonly Filter[] }, options: CallOptions): Promise<readonly Subnet[]>;

  /** Throws CLOUD_NOT_FOUND when one of them does not exist. */
  describeVpcs(input: { readonly vpcIds: readonly string[] }, options: CallOptions): Promise<readonly Vpc[]>;

  /**
   * EC2 chooses the addresses or prefixes. All of the count or none. There is no idempotency token: the same call
   * again assigns again.
   * @throws SUBNET_EXHAUSTED for addresses, SUBNET_FRAGMENTED for prefixes
   * @throws CLOUD_LIMIT, CLOUD_NOT_FOUND
   */
  assignPrivateIpAddresses(
    input: { readonly networkInterfaceId: string } & Ipv4Count,
    options: CallOptions,
  ): Promise<AssignedAddresses>;

  /** All or none: one that the interface does not have is CLOUD_REJECTED for all of them. Both lists go in one call. */
  unassignPrivateIpAddresses(
    input: {
      readonly networkInterfaceId: string;
      readonly privateIpAddresses: readonly string[];
      readonly ipv4Prefixes: readonly string[];
    },
    options: CallOptions,
  ): Promise<void>;

  /** As assignPrivateIpAddresses. @throws SUBNET_FRAGMENTED, CLOUD_LIMIT, CLOUD_NOT_FOUND */
  assignIpv6Addresses(
    input: { readonly networkInterfaceId: string; readonly ipv6PrefixCount: number },
    options: CallOptions,
  ): Promise<{ readonly ipv6Prefixes: readonly string[] }>;

  /** As unassignPrivateIpAddresses. */
  unassignIpv6Addresses(
    input: { readonly networkInterfaceId: string; readonly ipv6Prefixes: readonly string[] },
    options: CallOptions,
  ): Promise<void>;

  /**
   * EC2 chooses the addresses. The same token with the same input is the same interface.
   * @throws SUBNET_EXHAUSTED, SUBNET_FRAGMENTED as assignPrivateIpAddresses
   * @throws CLOUD_NOT_FOUND, CLOUD_LIMIT
   */
  createNetworkInterface(input: InterfaceCreation, options: CallOptions): Promise<NetworkInterface>;

  /**
   * Answers before the instance sees the interface.
   * @throws CLOUD_CONFLICT when the device index is taken or an instance holds the interface
   * @throws INTERFACE_LIMIT, CLOUD_NOT_FOUND
   */
  attachNetworkInterface(
    input: {
      readonly networkInterfaceId: string;
      readonly instanceId: string;
      readonly deviceIndex: number;
      readonly networkCardIndex: number;
    },
    options: CallOptions,
  ): Promise<{ readonly attachmentId: string }>;

  modifyNetworkInterfaceAttribute(
    input: {
      readonly networkInterfaceId: string;
      readonly attachmentId: string;
      readonly deleteOnTermination: boolean;
    },
    options: CallOptions,
  ): Promise<void>;

  /** Answers before the interface is free. @throws CLOUD_NOT_FOUND */
  detachNetworkInterface(input: { readonly attachmentId: string }, options: CallOptions): Promise<void>;

  /** @throws CLOUD_CONFLICT while an instance holds it @throws CLOUD_NOT_FOUND */
  deleteNetworkInterface(input: { readonly networkInterfaceId: string }, options: CallOptions): Promise<void>;
}
