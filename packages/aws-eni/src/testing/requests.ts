import type { Ec2Action, Filter } from "../api.ts";

interface Common {
  readonly dryRun?: boolean;
}

export interface DescribeRequest extends Common {
  readonly filters?: readonly Filter[];
  readonly maxResults?: number;
  readonly nextToken?: string;
}

/** What each action takes, over either door. */
export interface Ec2Requests {
  DescribeInstanceTypes: DescribeRequest & { readonly instanceTypes?: readonly string[] };
  DescribeNetworkInterfaces: DescribeRequest & { readonly networkInterfaceIds?: readonly string[] };
  DescribeSubnets: DescribeRequest & { readonly subnetIds?: readonly string[] };
  DescribeVpcs: DescribeRequest & { readonly vpcIds?: readonly string[] };
  AssignPrivateIpAddresses: Common & {
    readonly networkInterfaceId: string;
    readonly secondaryPrivateIpAddressCount?: number;
    readonly privateIpAddresses?: readonly string[];
    readonly ipv4PrefixCount?: number;
    readonly ipv4Prefixes?: readonly string[];
  };
  UnassignPrivateIpAddresses: Common & {
    readonly networkInterfaceId: string;
    readonly privateIpAddresses?: readonly string[];
    readonly ipv4Prefixes?: readonly string[];
  };
  AssignIpv6Addresses: Common & {
    readonly networkInterfaceId: string;
    readonly ipv6AddressCount?: number;
    readonly ipv6Addresses?: readonly string[];
    readonly ipv6PrefixCount?: number;
    readonly ipv6Prefixes?: readonly string[];
  };
  UnassignIpv6Addresses: Common & {
    readonly networkInterfaceId: string;
    readonly ipv6Addresses?: readonly string[];
    readonly ipv6Prefixes?: readonly string[];
  };
  CreateNetworkInterface: Common & {
    readonly subnetId: string;
    readonly description?: string;
    readonly securityGroupIds?: readonly string[];
    readonly secondaryPrivateIpAddressCount?: number;
    readonly ipv4PrefixCount?: number;
    readonly ipv6AddressCount?: number;
    readonly ipv6PrefixCount?: number;
    readonly clientToken?: string;
    readonly tagSpecifications?: readonly TagSpecification[];
  };
  AttachNetworkInterface: Common & {
    readonly networkInterfaceId: string;
    readonly instanceId: string;
    readonly deviceIndex: number;
    readonly networkCardIndex?: number;
  };
  ModifyNetworkInterfaceAttribute: Common & {
    readonly networkInterfaceId: string;
    readonly attachmentId: string;
    readonly deleteOnTermination: boolean;
  };
  DetachNetworkInterface: Common & { readonly attachmentId: string };
  DeleteNetworkInterface: Common & { readonly networkInterfaceId: string };
}

/** Tags for something that the call creates. */
export interface TagSpecification {
  readonly resourceType: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** A request with the name of its action, as one value. */
export type Ec2Command = { [A in Ec2Action]: { readonly action: A; readonly request: Ec2Requests[A] } }[Ec2Action];

/** What happens to an interface as a whole. */
export type InterfaceAction = Extract<Ec2Action, `${string}NetworkInterface${"" | "Attribute"}`>;

/** What comes to an interface that stands, and leaves it. */
export type AddressAction = Extract<Ec2Action, `${string}Addresses`>;

export type DescribeAction = Extract<Ec2Action, `Describe${string}`>;
