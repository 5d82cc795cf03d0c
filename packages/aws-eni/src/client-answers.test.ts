import {
  DescribeInstanceTypesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  EC2Client,
  UnassignPrivateIpAddressesCommand,
} from "@aws-sdk/client-ec2";
import { neverCancelled } from "@podwire/core";
import { mockClient } from "aws-sdk-client-mock";
import { afterEach, describe, expect, test } from "vitest";
import { createEc2Client } from "./client.ts";

const options = { signal: neverCancelled };
const sdk = mockClient(EC2Client);
const client = createEc2Client({ region: "eu-central-1", callTimeoutMs: 1000 });
afterEach(() => sdk.reset());

const describeVpcs = () => client.describeVpcs({ vpcIds: ["vpc-1"] }, options);

test("an answer without the list is not an empty list", async () => {
  sdk.on(DescribeVpcsCommand).resolves({});
  await expect(describeVpcs()).rejects.toMatchObject({ code: "CLOUD_UNREACHABLE" });
});

test("an object without its id is refused", async () => {
  sdk.on(DescribeVpcsCommand).resolves({ Vpcs: [{ CidrBlock: "10.0.0.0/16" }] });
  await expect(describeVpcs()).rejects.toMatchObject({ code: "CLOUD_UNREACHABLE", details: /lacks vpcId/ });
});

test("pages that go round in circles end in an error", async () => {
  sdk.on(DescribeSubnetsCommand).resolves({ Subnets: [], NextToken: "again" });
  const subnets = client.describeSubnets({ filters: [{ name: "vpc-id", values: ["vpc-1"] }] }, options);
  await expect(subnets).rejects.toMatchObject({ code: "CLOUD_UNREACHABLE" });
});

test("CIDR blocks of a VPC that are failing or going are left out", async () => {
  const association = (CidrBlock: string, State: "associated" | "associating" | "disassociated") => ({
    CidrBlock,
    CidrBlockState: { State },
  });
  const CidrBlockAssociationSet = [
    association("10.0.0.0/16", "associated"),
    association("10.1.0.0/16", "disassociated"),
    association("10.2.0.0/16", "associating"),
    association("10.3.0.0/16", "associated"),
  ];
  sdk.on(DescribeVpcsCommand).resolves({
    Vpcs: [{ VpcId: "vpc-1", CidrBlock: "10.0.0.0/16", CidrBlockAssociationSet }],
  });
  const ipv6CidrBlocks: readonly string[] = [];
  expect(await describeVpcs()).toEqual([
    { vpcId: "vpc-1", cidrBlocks: ["10.0.0.0/16", "10.3.0.0/16"], ipv6CidrBlocks },
  ]);
});

test("IPv6 blocks of a subnet that are coming or going are left out", async () => {
  const association = (Ipv6CidrBlock: string, State: "associated" | "associating" | "disassociating") => ({
    Ipv6CidrBlock,
    Ipv6CidrBlockState: { State },
  });
  sdk.on(DescribeSubnetsCommand).resolves({
    Subnets: [
      {
        SubnetId: "subnet-1",
        AvailabilityZone: "zone-a",
        CidrBlock: "10.0.0.0/24",
        AvailableIpAddressCount: 250,
        Ipv6CidrBlockAssociationSet: [
          association("2001:db8::/64", "disassociating"),
          association("2001:db8:0:1::/64", "associated"),
          association("2001:db8:0:2::/64", "associating"),
        ],
      },
    ],
  });
  const [subnet] = await client.describeSubnets({ filters: [] }, options);
  expect(subnet?.ipv6CidrBlocks).toEqual(["2001:db8:0:1::/64"]);
});

test("the IPv6 address that EC2 calls primary comes first", async () => {
  sdk.on(DescribeNetworkInterfacesCommand).resolves({
    NetworkInterfaces: [
      {
        NetworkInterfaceId: "eni-1",
        MacAddress: "02:00:00:00:00:01",
        SubnetId: "subnet-1",
        Ipv6Addresses: [{ Ipv6Address: "2001:db8::8" }, { Ipv6Address: "2001:db8::9", IsPrimaryIpv6: true }],
      },
    ],
  });
  const [own] = await client.describeNetworkInterfaces({ filters: [] }, options);
  expect(own).toMatchObject({ ipv6Addresses: ["2001:db8::9", "2001:db8::8"], ipv4Prefixes: [], ipv6Prefixes: [] });
});

describe("what an instance type can hold", () => {
  const networkInfo = { MaximumNetworkInterfaces: 3, Ipv4AddressesPerInterface: 10, Ipv6AddressesPerInterface: 10 };
  const rows = [
    {
      name: "nitro",
      type: { Hypervisor: "nitro", BareMetal: false },
      ipv6: true,
      is: { hypervisor: "nitro", bareMetal: false, ipv6AddressesPerInterface: 10 },
    },
    {
      name: "bare metal",
      type: { BareMetal: true },
      ipv6: true,
      is: { bareMetal: true, ipv6AddressesPerInterface: 10 },
    },
    {
      name: "no IPv6",
      type: { Hypervisor: "xen", BareMetal: false },
      ipv6: false,
      is: { hypervisor: "xen", bareMetal: false, ipv6AddressesPerInterface: 0 },
    },
  ] as const;

  test.each(rows)("$name", async ({ type, ipv6, is }) => {
    const NetworkInfo = { ...networkInfo, Ipv6Supported: ipv6 };
    sdk
      .on(DescribeInstanceTypesCommand)
      .resolves({ InstanceTypes: [{ InstanceType: "m5.large", NetworkInfo, ...type }] });
    const [info] = await client.describeInstanceTypes({ instanceTypes: ["m5.large"] }, options);
    expect(info).toEqual({
      instanceType: "m5.large",
      maximumNetworkInterfaces: 3,
      ipv4AddressesPerInterface: 10,
      ...is,
    });
  });
});

test("one call names both the addresses and the prefixes that go, and an empty list is not sent", async () => {
  sdk.on(UnassignPrivateIpAddressesCommand).resolves({});
  const networkInterfaceId = "eni-1";
  const [privateIpAddresses, ipv4Prefixes] = [["10.0.0.9"], ["10.0.0.16/28"]];
  await client.unassignPrivateIpAddresses({ networkInterfaceId, privateIpAddresses, ipv4Prefixes }, options);
  await client.unassignPrivateIpAddresses({ networkInterfaceId, privateIpAddresses: [], ipv4Prefixes }, options);
  expect(sdk.commandCalls(UnassignPrivateIpAddressesCommand).map(({ args }) => args[0].input)).toEqual([
    { NetworkInterfaceId: "eni-1", PrivateIpAddresses: ["10.0.0.9"], Ipv4Prefixes: ["10.0.0.16/28"] },
    { NetworkInterfaceId: "eni-1", Ipv4Prefixes: ["10.0.0.16/28"] },
  ]);
});
