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
  };
  UnassignPrivateIpAddresses: Common & {
    readonly networkInterfaceId: string;
    readonly privateIpAddresses: readonly string[];
  };
}

/** A request with the name of its action, as one value. */
export type Ec2Command = { [A in Ec2Action]: { readonly action: A; readonly request: Ec2Requests[A] } }[Ec2Action];

export type DescribeAction = Extract<Ec2Action, `Describe${string}`>;
