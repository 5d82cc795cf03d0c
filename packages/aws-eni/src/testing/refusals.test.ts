import { describe, expect, test } from "vitest";
import { addressRefusals } from "./address-refusals.ts";
import { Ec2Model } from "./model.ts";
import { refusals } from "./refusals.ts";
import type { Ec2Command } from "./requests.ts";
import type { ScenarioInput } from "./scenario.ts";

interface Case {
  /** The row of the table that the command meets. */
  readonly condition: string;
  readonly command: Ec2Command;
  readonly code: string;
  readonly says: string;
  readonly before?: (model: Ec2Model) => void;
}

const eni = "eni-1";
const create = (request: object) =>
  ({ action: "CreateNetworkInterface", request: { subnetId: "subnet-1", ...request } }) as Ec2Command;
const attach = (request: object) =>
  ({
    action: "AttachNetworkInterface",
    request: { networkInterfaceId: "eni-free", instanceId: "i-1", deviceIndex: 2, ...request },
  }) as Ec2Command;
const modify = (request: object) =>
  ({
    action: "ModifyNetworkInterfaceAttribute",
    request: { networkInterfaceId: eni, attachmentId: "eni-attach-1", deleteOnTermination: true, ...request },
  }) as Ec2Command;
const detach = (request: object) =>
  ({ action: "DetachNetworkInterface", request: { attachmentId: "eni-attach-2", ...request } }) as Ec2Command;
const remove = (request: object) =>
  ({ action: "DeleteNetworkInterface", request: { networkInterfaceId: "eni-free", ...request } }) as Ec2Command;
const describeVpcs = (request: object) => ({ action: "DescribeVpcs", request }) as Ec2Command;

const cases: readonly Case[] = [
  {
    condition: "a client token that was used with other parameters",
    command: create({ clientToken: "t", secondaryPrivateIpAddressCount: 2 }),
    code: "IdempotentParameterMismatch",
    says: "client token",
    before: (model) => model.perform(create({ clientToken: "t", secondaryPrivateIpAddressCount: 1 })),
  },
  {
    condition: "a subnet that does not exist",
    command: create({ subnetId: "subnet-9" }),
    code: "InvalidSubnetID.NotFound",
    says: "'subnet-9'",
  },
  {
    condition: "a security group that the subnet's VPC does not have",
    command: create({ securityGroupIds: ["sg-1", "sg-2"] }),
    code: "InvalidGroup.NotFound",
    says: "'sg-2'",
  },
  {
    condition: "a count below one",
    command: create({ secondaryPrivateIpAddressCount: 0 }),
    code: "InvalidParameterValue",
    says: "(0)",
  },
  {
    condition: "a count of IPv4 addresses and a count of IPv4 prefixes",
    command: create({ secondaryPrivateIpAddressCount: 1, ipv4PrefixCount: 1 }),
    code: "InvalidParameterCombination",
    says: "either a count of private IPv4 addresses",
  },
  {
    condition: "a count of IPv6 addresses and a count of IPv6 prefixes",
    command: create({ ipv6AddressCount: 1, ipv6PrefixCount: 1 }),
    code: "InvalidParameterValue",
    says: "only specify one of",
  },
  {
    condition: "IPv6 in a subnet that has none",
    command: create({ subnetId: "subnet-b", ipv6PrefixCount: 1 }),
    code: "InvalidParameterValue",
    says: "'subnet-b' has no IPv6 CIDR block",
  },
  {
    condition: "fewer free addresses in the subnet than the prefixes hold",
    command: create({ ipv4PrefixCount: 1 }),
    code: "InvalidParameterValue",
    says: "aren't sufficient free",
    before: (model) => model.occupy("subnet-1", 15),
  },
  {
    condition: "free addresses enough, and no free prefixes among them",
    command: create({ ipv4PrefixCount: 1 }),
    code: "InsufficientCidrBlocks",
    says: "enough free cidr blocks",
    before: (model) => model.fragment("subnet-1"),
  },
  {
    condition: "an interface with prefixes on an instance type that can have none",
    command: attach({ instanceId: "i-xen", deviceIndex: 1 }),
    code: "InvalidParameterValue",
    says: "does not support prefixes",
    before: (model) => model.assignPrefixes("eni-free", 6, 1),
  },
  {
    condition: "tags for something else than the interface",
    command: create({ tagSpecifications: [{ resourceType: "instance", tags: {} }] }),
    code: "InvalidParameterValue",
    says: "'instance'",
  },
  {
    condition: "fewer free addresses in the subnet than asked for",
    command: create({ secondaryPrivateIpAddressCount: 2 }),
    code: "InsufficientFreeAddressesInSubnet",
    says: "not have enough free addresses",
    before: (model) => model.occupy("subnet-1", 2),
  },
  {
    condition: "everything is right, and DryRun is set",
    command: create({ dryRun: true }),
    code: "DryRunOperation",
    says: "would have succeeded",
  },
  {
    condition: "an interface that does not exist",
    command: attach({ networkInterfaceId: "eni-9" }),
    code: "InvalidNetworkInterfaceID.NotFound",
    says: "eni-9",
  },
  {
    condition: "an instance that does not exist",
    command: attach({ instanceId: "i-9" }),
    code: "InvalidInstanceID.NotFound",
    says: "'i-9'",
  },
  {
    condition: "an interface that an instance holds",
    command: attach({ networkInterfaceId: "eni-2" }),
    code: "InvalidNetworkInterface.InUse",
    says: "[eni-2] in use",
  },
  {
    condition: "an instance in another availability zone",
    command: attach({ instanceId: "i-b" }),
    code: "InvalidParameterCombination",
    says: "availability zone",
  },
  {
    condition: "a device index that is taken",
    command: attach({ deviceIndex: 1 }),
    code: "InvalidParameterValue",
    says: "already has an interface attached at device index '1'",
  },
  {
    condition: "more interfaces than the instance type allows",
    command: attach({ instanceId: "i-small", deviceIndex: 2 }),
    code: "AttachmentLimitExceeded",
    says: "Interface count 3 exceeds the limit for t3.micro",
  },
  {
    condition: "more addresses than the instance type allows on one interface",
    command: attach({}),
    code: "PrivateIpAddressLimitExceeded",
    says: "exceed",
    before: (model) => model.assign("eni-free", 6),
  },
  {
    condition: "everything is right, and DryRun is set",
    command: attach({ dryRun: true }),
    code: "DryRunOperation",
    says: "would have succeeded",
  },
  {
    condition: "an attachment that the interface does not have",
    command: modify({ attachmentId: "eni-attach-2" }),
    code: "InvalidAttachmentID.NotFound",
    says: "'eni-attach-2'",
  },
  {
    condition: "everything is right, and DryRun is set",
    command: modify({ dryRun: true }),
    code: "DryRunOperation",
    says: "would have succeeded",
  },
  {
    condition: "an attachment that does not exist",
    command: detach({ attachmentId: "eni-attach-9" }),
    code: "InvalidAttachmentID.NotFound",
    says: "'eni-attach-9'",
  },
  {
    condition: "the primary interface of an instance",
    command: detach({ attachmentId: "eni-attach-1" }),
    code: "OperationNotPermitted",
    says: "device index 0",
  },
  {
    condition: "everything is right, and DryRun is set",
    command: detach({ dryRun: true }),
    code: "DryRunOperation",
    says: "would have succeeded",
  },
  {
    condition: "an interface that does not exist",
    command: remove({ networkInterfaceId: "eni-9" }),
    code: "InvalidNetworkInterfaceID.NotFound",
    says: "eni-9",
  },
  {
    condition: "an interface that an instance holds",
    command: remove({ networkInterfaceId: "eni-2" }),
    code: "InvalidParameterValue",
    says: "'eni-2' is currently in use",
  },
  {
    condition: "everything is right, and DryRun is set",
    command: remove({ dryRun: true }),
    code: "DryRunOperation",
    says: "would have succeeded",
  },
  {
    condition: "a page size outside 5…1000",
    command: describeVpcs({ maxResults: 4 }),
    code: "InvalidParameterValue",
    says: "( 4 )",
  },
  {
    condition: "a page size outside 5…1000",
    command: describeVpcs({ maxResults: 1001 }),
    code: "InvalidParameterValue",
    says: "( 1001 )",
  },
  {
    condition: "a page size together with ids",
    command: describeVpcs({ maxResults: 5, vpcIds: ["vpc-1"] }),
    code: "InvalidParameterCombination",
    says: "maxResults",
  },
  {
    condition: "a page token that EC2 did not make",
    command: describeVpcs({ nextToken: "elsewhere" }),
    code: "InvalidParameterValue",
    says: "pagination token",
  },
  {
    condition: "a filter that the action does not know",
    command: describeVpcs({ filters: [{ name: "colour", values: ["red"] }] }),
    code: "InvalidParameterValue",
    says: "The filter 'colour' is invalid",
  },
  {
    condition: "a filter that the action does not know",
    command: { action: "DescribeInstanceTypes", request: { filters: [{ name: "tag:x", values: ["red"] }] } },
    code: "InvalidParameterValue",
    says: "tag:x",
  },
  {
    condition: "an id that does not exist",
    command: describeVpcs({ vpcIds: ["vpc-1", "vpc-8", "vpc-9"] }),
    code: "InvalidVpcID.NotFound",
    says: "'vpc-8, vpc-9'",
  },
  {
    condition: "an id that does not exist",
    command: { action: "DescribeInstanceTypes", request: { instanceTypes: ["x9.tiny"] } },
    code: "InvalidInstanceType",
    says: "[x9.tiny]",
  },
  {
    condition: "an id that does not exist",
    command: { action: "DescribeNetworkInterfaces", request: { networkInterfaceIds: ["eni-9"] } },
    code: "InvalidNetworkInterfaceID.NotFound",
    says: "eni-9",
  },
  {
    condition: "an id that does not exist",
    command: { action: "DescribeSubnets", request: { subnetIds: ["subnet-9"] } },
    code: "InvalidSubnetID.NotFound",
    says: "subnet-9",
  },
  {
    condition: "everything is right, and DryRun is set",
    command: describeVpcs({ dryRun: true }),
    code: "DryRunOperation",
    says: "would have succeeded",
  },
];

for (const { condition, command, code, says, before } of cases) {
  test(`${command.action} is refused for ${condition}: ${JSON.stringify(command.request)}`, () => {
    const model = new Ec2Model(scenario);
    before?.(model);
    const state = model.state();
    const row = refusals[command.action].find((one) => one.condition === condition);
    expect(model.perform(command)).toEqual({
      refusal: { code, httpStatus: row?.httpStatus, message: expect.stringContaining(says) },
    });
    expect(row?.code).toBe(code);
    expect(model.state()).toEqual(state);
  });
}

describe("the table", () => {
  /** Those about addresses have cases of their own. */
  const rows: readonly { condition: string; source: string }[] = Object.entries(refusals).flatMap(
    ([action, own]): readonly { condition: string; source: string }[] => (action in addressRefusals ? [] : own),
  );

  test("every row has a case here and says where it comes from", () => {
    const conditions = new Set(cases.map((one) => one.condition));
    expect(rows.map((row) => row.condition).filter((condition) => !conditions.has(condition))).toEqual([]);
    expect(rows.filter((row) => !/^(https:\/\/|unverified)/.test(row.source))).toEqual([]);
  });
});

const scenario: ScenarioInput = {
  vpcs: [{ vpcId: "vpc-1", cidrBlocks: ["10.0.0.0/16"], ipv6CidrBlocks: ["2001:db8::/56"] }],
  subnets: [
    {
      subnetId: "subnet-1",
      vpcId: "vpc-1",
      availabilityZone: "zone-a",
      cidrBlock: "10.0.0.0/24",
      ipv6CidrBlock: "2001:db8::/64",
    },
    { subnetId: "subnet-b", vpcId: "vpc-1", availabilityZone: "zone-b", cidrBlock: "10.0.1.0/24" },
  ],
  instances: [
    {
      instanceId: "i-1",
      instanceType: "t3.medium",
      subnetId: "subnet-1",
      networkInterfaces: [{ networkInterfaceId: eni }, { networkInterfaceId: "eni-2" }],
    },
    {
      instanceId: "i-small",
      instanceType: "t3.micro",
      subnetId: "subnet-1",
      networkInterfaces: [{ privateIpAddress: "10.0.0.201" }, { privateIpAddress: "10.0.0.202" }],
    },
    {
      instanceId: "i-b",
      instanceType: "t3.medium",
      subnetId: "subnet-b",
      networkInterfaces: [{ networkInterfaceId: "eni-b" }],
    },
    {
      instanceId: "i-xen",
      instanceType: "t2.medium",
      subnetId: "subnet-1",
      networkInterfaces: [{ networkInterfaceId: "eni-xen", privateIpAddress: "10.0.0.203" }],
    },
  ],
  networkInterfaces: [{ networkInterfaceId: "eni-free", subnetId: "subnet-1", privateIpAddress: "10.0.0.200" }],
};
