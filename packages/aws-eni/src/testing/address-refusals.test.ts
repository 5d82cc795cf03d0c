import { parseAddress } from "@podwire/core";
import { describe, expect, test } from "vitest";
import { addressRefusals } from "./address-refusals.ts";
import { Ec2Model } from "./model.ts";
import type { RefusalRow } from "./refusal-row.ts";
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
const assign = (request: object) =>
  ({ action: "AssignPrivateIpAddresses", request: { networkInterfaceId: eni, ...request } }) as Ec2Command;
const unassign = (request: object) =>
  ({ action: "UnassignPrivateIpAddresses", request: { networkInterfaceId: eni, ...request } }) as Ec2Command;
const assign6 = (request: object) =>
  ({ action: "AssignIpv6Addresses", request: { networkInterfaceId: eni, ...request } }) as Ec2Command;
const unassign6 = (request: object) =>
  ({ action: "UnassignIpv6Addresses", request: { networkInterfaceId: eni, ...request } }) as Ec2Command;

const cases: readonly Case[] = [
  {
    condition: "an interface that does not exist",
    command: assign({ networkInterfaceId: "eni-9", secondaryPrivateIpAddressCount: 1 }),
    code: "InvalidNetworkInterfaceID.NotFound",
    says: "The networkInterface ID 'eni-9' does not exist",
  },
  {
    condition: "an interface that does not exist",
    command: unassign({ networkInterfaceId: "eni-9", privateIpAddresses: ["10.0.0.4"] }),
    code: "InvalidNetworkInterfaceID.NotFound",
    says: "eni-9",
  },
  {
    condition: "not exactly one of: a count, addresses, a prefix count, prefixes",
    command: assign({}),
    code: "InvalidParameterCombination",
    says: "either",
  },
  {
    condition: "not exactly one of: a count, addresses, a prefix count, prefixes",
    command: assign({ secondaryPrivateIpAddressCount: 1, privateIpAddresses: ["10.0.0.9"] }),
    code: "InvalidParameterCombination",
    says: "either",
  },
  {
    condition: "a count below one",
    command: assign({ secondaryPrivateIpAddressCount: 0 }),
    code: "InvalidParameterValue",
    says: "(0)",
  },
  {
    condition: "more addresses than the instance type allows on one interface",
    command: assign({ secondaryPrivateIpAddressCount: 6 }),
    code: "PrivateIpAddressLimitExceeded",
    says: "Number of private addresses will exceed limit.",
  },
  {
    condition: "more addresses than the instance type allows on one interface",
    command: assign({ privateIpAddresses: ["10.0.0.20"] }),
    code: "PrivateIpAddressLimitExceeded",
    says: "exceed",
    before: (model) => model.assign(eni, 5),
  },
  {
    condition: "an address or prefix outside the interface's subnet, or no such thing",
    command: assign({ privateIpAddresses: ["10.0.0.9", "10.0.1.9"] }),
    code: "InvalidParameterValue",
    says: "10.0.1.9",
  },
  {
    condition: "an address or prefix outside the interface's subnet, or no such thing",
    command: assign({ privateIpAddresses: ["10.0.0.999"] }),
    code: "InvalidParameterValue",
    says: "10.0.0.999",
  },
  {
    condition: "an address or prefix that is reserved, or that another interface holds",
    command: assign({ privateIpAddresses: ["10.0.0.3"] }),
    code: "InvalidParameterValue",
    says: "10.0.0.3",
  },
  {
    condition: "an address or prefix that is reserved, or that another interface holds",
    command: assign({ privateIpAddresses: ["10.0.0.5"] }),
    code: "InvalidParameterValue",
    says: "10.0.0.5",
  },
  {
    condition: "fewer free addresses in the subnet than asked for",
    command: assign({ secondaryPrivateIpAddressCount: 3 }),
    code: "InsufficientFreeAddressesInSubnet",
    says: "not have enough free addresses",
    before: (model) => model.occupy("subnet-1", 2),
  },
  {
    condition: "everything is right, and DryRun is set",
    command: assign({ secondaryPrivateIpAddressCount: 1, dryRun: true }),
    code: "DryRunOperation",
    says: "would have succeeded",
  },
  {
    condition: "the interface's own primary address",
    command: unassign({ privateIpAddresses: ["10.0.0.4"] }),
    code: "InvalidParameterValue",
    says: "primary IP address 10.0.0.4",
  },
  {
    condition: "an address or prefix that the interface does not have",
    command: unassign({ privateIpAddresses: ["10.0.0.6", "10.0.0.7"] }),
    code: "InvalidParameterValue",
    says: "not assigned to interface eni-1",
    before: (model) => model.assign(eni, [parseAddress("10.0.0.6")]),
  },
  {
    condition: "everything is right, and DryRun is set",
    command: unassign({ privateIpAddresses: ["10.0.0.6"], dryRun: true }),
    code: "DryRunOperation",
    says: "would have succeeded",
    before: (model) => model.assign(eni, [parseAddress("10.0.0.6")]),
  },
  {
    condition: "not exactly one of: a count, addresses, a prefix count, prefixes",
    command: assign({ secondaryPrivateIpAddressCount: 1, ipv4PrefixCount: 1 }),
    code: "InvalidParameterCombination",
    says: "a prefix count",
  },
  {
    condition: "a count below one",
    command: assign6({ ipv6PrefixCount: 0 }),
    code: "InvalidParameterValue",
    says: "(0)",
  },
  {
    condition: "IPv6 in a subnet that has none",
    command: assign6({ networkInterfaceId: "eni-b", ipv6PrefixCount: 1 }),
    code: "InvalidParameterValue",
    says: "'subnet-b' has no IPv6 CIDR block",
  },
  {
    condition: "prefixes on an instance type that can have none",
    command: assign({ networkInterfaceId: "eni-xen", ipv4PrefixCount: 1 }),
    code: "InvalidParameterValue",
    says: "does not support prefixes",
  },
  {
    condition: "prefixes on an instance type that can have none",
    command: assign6({ networkInterfaceId: "eni-xen", ipv6Prefixes: ["2001:db8:0:0:1::/80"] }),
    code: "InvalidParameterValue",
    says: "does not support prefixes",
  },
  {
    condition: "more addresses than the instance type allows on one interface",
    command: assign({ ipv4PrefixCount: 4 }),
    code: "PrivateIpAddressLimitExceeded",
    says: "exceed",
    before: (model) => model.assign(eni, 2),
  },
  {
    condition: "more addresses than the instance type allows on one interface",
    command: assign6({ ipv6AddressCount: 6 }),
    code: "PrivateIpAddressLimitExceeded",
    says: "exceed",
    before: (model) => model.assignPrefixes(eni, 6, 1),
  },
  {
    condition: "an address or prefix outside the interface's subnet, or no such thing",
    command: assign({ ipv4Prefixes: ["10.0.0.32/27"] }),
    code: "InvalidParameterValue",
    says: "10.0.0.32/27",
  },
  {
    condition: "an address or prefix outside the interface's subnet, or no such thing",
    command: assign6({ ipv6Prefixes: ["2001:db8:0:1::/80"] }),
    code: "InvalidParameterValue",
    says: "2001:db8:0:1::/80",
  },
  {
    condition: "an address or prefix that is reserved, or that another interface holds",
    command: assign({ ipv4Prefixes: ["10.0.0.0/28"] }),
    code: "InvalidParameterValue",
    says: "10.0.0.0/28 is in use",
  },
  {
    condition: "fewer free addresses in the subnet than the prefixes hold",
    command: assign({ ipv4PrefixCount: 1 }),
    code: "InvalidParameterValue",
    says: "There aren't sufficient free Ipv4 addresses or prefixes",
    before: (model) => model.occupy("subnet-1", 15),
  },
  {
    condition: "free addresses enough, and no free prefixes among them",
    command: assign({ ipv4PrefixCount: 1 }),
    code: "InsufficientCidrBlocks",
    says: "enough free cidr blocks",
    before: (model) => model.fragment("subnet-1"),
  },
  {
    condition: "neither addresses nor prefixes",
    command: unassign6({}),
    code: "MissingParameter",
    says: "must contain",
  },
  {
    condition: "an address or prefix that the interface does not have",
    command: unassign({ privateIpAddresses: ["10.0.0.6"], ipv4Prefixes: ["10.0.0.16/28"] }),
    code: "InvalidParameterValue",
    says: "not assigned to interface eni-1",
    before: (model) => model.assign(eni, [parseAddress("10.0.0.6")]),
  },
  {
    condition: "an address or prefix that the interface does not have",
    command: unassign6({ ipv6Prefixes: ["2001:db8:0:0:1::/80"] }),
    code: "InvalidParameterValue",
    says: "not assigned to interface eni-1",
  },
  {
    condition: "everything is right, and DryRun is set",
    command: assign6({ ipv6PrefixCount: 1, dryRun: true }),
    code: "DryRunOperation",
    says: "would have succeeded",
  },
  {
    condition: "everything is right, and DryRun is set",
    command: unassign6({ ipv6Prefixes: ["2001:db8:0:0:1::/80"], dryRun: true }),
    code: "DryRunOperation",
    says: "would have succeeded",
    before: (model) => model.assignPrefixes(eni, 6, 1),
  },
];

for (const { condition, command, code, says, before } of cases) {
  test(`${command.action} is refused for ${condition}: ${JSON.stringify(command.request)}`, () => {
    const model = new Ec2Model(scenario);
    before?.(model);
    const state = model.state();
    const row = rowsOf(command).find((one) => one.condition === condition);
    expect(model.perform(command)).toEqual({
      refusal: { code, httpStatus: row?.httpStatus, message: expect.stringContaining(says) },
    });
    expect(row?.code).toBe(code);
    expect(model.state()).toEqual(state);
  });
}

describe("the table", () => {
  const rows = Object.values(addressRefusals).flat();

  test("every row has a case here and says where it comes from", () => {
    const conditions = new Set(cases.map((one) => one.condition));
    expect(rows.map((row) => row.condition).filter((condition) => !conditions.has(condition))).toEqual([]);
    expect(rows.filter((row) => !/^(https:\/\/|unverified)/.test(row.source))).toEqual([]);
  });
});

function rowsOf({ action }: Ec2Command): readonly RefusalRow<never>[] {
  return addressRefusals[action as keyof typeof addressRefusals];
}

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
