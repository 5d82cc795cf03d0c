import type { DescribedPage } from "./describe.ts";
import type { Held } from "./held.ts";
import type { Refusal } from "./refusal-row.ts";
import type { FakeAttachment, FakeInterface } from "./world.ts";

/** What was assigned or unassigned. */
export type ChangedAddresses = Held & { readonly networkInterfaceId: string };

/** Answer of each action when it is carried out. */
export interface Ec2Answers {
  DescribeInstanceTypes: DescribedPage<"DescribeInstanceTypes">;
  DescribeNetworkInterfaces: DescribedPage<"DescribeNetworkInterfaces">;
  DescribeSubnets: DescribedPage<"DescribeSubnets">;
  DescribeVpcs: DescribedPage<"DescribeVpcs">;
  AssignPrivateIpAddresses: ChangedAddresses;
  UnassignPrivateIpAddresses: ChangedAddresses;
  AssignIpv6Addresses: ChangedAddresses;
  UnassignIpv6Addresses: ChangedAddresses;
  CreateNetworkInterface: FakeInterface;
  AttachNetworkInterface: FakeAttachment;
  ModifyNetworkInterfaceAttribute: { readonly networkInterfaceId: string };
  DetachNetworkInterface: { readonly networkInterfaceId: string };
  DeleteNetworkInterface: { readonly networkInterfaceId: string };
}

export type Ec2Answer = {
  [A in keyof Ec2Answers]: { readonly action: A; readonly answer: Ec2Answers[A] };
}[keyof Ec2Answers];

export type Ec2Result = Ec2Answer | { readonly refusal: Refusal };
