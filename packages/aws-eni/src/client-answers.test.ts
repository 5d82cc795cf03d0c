import { DescribeSubnetsCommand, DescribeVpcsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { neverCancelled } from "@podwire/core";
import { mockClient } from "aws-sdk-client-mock";
import { afterEach, expect, test } from "vitest";
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
  expect(await describeVpcs()).toEqual([{ vpcId: "vpc-1", cidrBlocks: ["10.0.0.0/16", "10.3.0.0/16"] }]);
});
