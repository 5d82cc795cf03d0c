import type { Address } from "@podwire/core";
import type { DescribedPage } from "./describe.ts";
import type { Refusal } from "./refusal-row.ts";
import type { FakeAttachment, FakeInterface } from "./world.ts";

/** Answer of each action when it is carried out. */
export interface Ec2Answers {
  DescribeInstanceTypes: DescribedPage<"DescribeInstanceTypes">;
  DescribeNetworkInterfaces: DescribedPage<"DescribeNetworkInterfaces">;
  DescribeSubnets: DescribedPage<"DescribeSubnets">;
  DescribeVpcs: DescribedPage<"DescribeVpcs">;
  AssignPrivateIpAddresses: { readonly networkInterfaceId: string; readonly assigned: readonly Address[] };
  UnassignPrivateIpAddresses: { readonly networkInterfaceId: string };
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
