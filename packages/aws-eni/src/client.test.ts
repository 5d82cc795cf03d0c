import { neverCancelled } from "@podwire/core";
import { type AnswerLoss, FaultPlan, VirtualClock } from "@podwire/testkit";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createEc2Client, type Ec2Client } from "./client.ts";
import { FakeAws, type FakeServer } from "./testing/index.ts";

const options = { signal: neverCancelled };

let faults: FaultPlan;
let fake: FakeAws;
let server: FakeServer;
let client: Ec2Client;

beforeEach(async () => {
  faults = new FaultPlan();
  fake = new FakeAws({ scenario: scenarioWith(12), clock: new VirtualClock(), faults });
  server = await fake.serveEc2({ host: "127.0.0.1", port: 0 });
  vi.stubEnv("AWS_ENDPOINT_URL_EC2", server.url);
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIAFAKE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "fake");
  client = createEc2Client({ region: "eu-central-1", callTimeoutMs: 10_000, pageSize: 5 });
});

afterEach(async () => {
  client.close();
  await server.close();
  vi.unstubAllEnvs();
});

test("a listing of several pages comes whole", async () => {
  const filters = [{ name: "vpc-id", values: ["vpc-1"] }];
  const interfaces = await client.describeNetworkInterfaces({ filters }, options);
  expect(interfaces.map((own) => own.networkInterfaceId)).toEqual(
    fake.model.state().interfaces.map((own) => own.networkInterfaceId),
  );
  expect(fake.log.counts()).toEqual({ DescribeNetworkInterfaces: 3 });
});

test("a page that is missing is a failure of the whole", async () => {
  faults.add({ action: "DescribeNetworkInterfaces", when: { nth: 2 }, effect: { kind: "lose-answer" } });
  const filters = [{ name: "vpc-id", values: ["vpc-1"] }];
  await expect(client.describeNetworkInterfaces({ filters }, options)).rejects.toMatchObject({
    code: "CLOUD_UNREACHABLE",
  });
});

test("tags and texts with characters of XML survive the wire", async () => {
  const [subnet] = await client.describeSubnets({ filters: [{ name: "tag:note", values: ["*"] }] }, options);
  expect(subnet).toEqual({
    subnetId: "subnet-1",
    availabilityZone: "zone-a",
    cidrBlock: "10.0.0.0/24",
    ipv6CidrBlocks: ["2001:db8::/64"],
    availableIpAddressCount: 239,
    tags: { note: `<a> & "b" 'ü'` },
  });
});

test("an interface's whole life goes over the wire as it does in-process", async () => {
  const creation = {
    subnetId: "subnet-1",
    description: "<new>",
    securityGroupIds: ["sg-1"],
    secondaryPrivateIpAddressCount: 2,
    ipv6PrefixCount: 1,
    clientToken: "t",
    tags: { "podwire/cluster": "blue", note: `<a> & "b"` },
  };
  const created = await client.createNetworkInterface(creation, options);
  const { networkInterfaceId } = created;
  expect(created).toEqual(await fake.api().createNetworkInterface(creation, options));
  expect(created).toMatchObject({ securityGroupIds: ["sg-1"], tags: creation.tags });
  expect(created.privateIpAddresses.map((entry) => entry.primary)).toEqual([true, false, false]);
  expect([created.ipv6Addresses, created.ipv6Prefixes]).toEqual([[], ["2001:db8:0:0:1::/80"]]);
  const place = { networkInterfaceId, instanceId: "i-01", deviceIndex: 1, networkCardIndex: 0 };
  const { attachmentId } = await client.attachNetworkInterface(place, options);
  const attachment = { networkInterfaceId, attachmentId, deleteOnTermination: true };
  await client.modifyNetworkInterfaceAttribute(attachment, options);
  const filters = [{ name: "network-interface-id", values: [networkInterfaceId] }];
  const [attached] = await client.describeNetworkInterfaces({ filters }, options);
  const { instanceId, deviceIndex, networkCardIndex } = place;
  expect(attached?.attachment).toEqual({
    attachmentId,
    instanceId,
    deviceIndex,
    networkCardIndex,
    deleteOnTermination: true,
  });
  expect([attached]).toEqual(await fake.api().describeNetworkInterfaces({ filters }, options));
  await client.detachNetworkInterface({ attachmentId }, options);
  await client.deleteNetworkInterface({ networkInterfaceId }, options);
  expect(await client.describeNetworkInterfaces({ filters }, options)).toEqual([]);
});

const losses: readonly { readonly how: AnswerLoss; readonly read: string }[] = [
  { how: "reset", read: "CLOUD_UNREACHABLE" },
  { how: "truncated", read: "CLOUD_UNREACHABLE" },
  { how: "html-503", read: "CLOUD_THROTTLED" },
];

test.each(losses)(
  "an answer lost by $how: the change is unknown and happened once, the read $read",
  async ({ how, read }) => {
    faults.add({ action: "*", when: "always", effect: { kind: "lose-answer", how } });
    const input = { networkInterfaceId: "eni-01", secondaryPrivateIpAddressCount: 2 };
    await expect(client.assignPrivateIpAddresses(input, options)).rejects.toMatchObject({
      code: "CLOUD_OUTCOME_UNKNOWN",
    });
    expect(fake.model.state().interfaces[0]?.secondaryAddresses).toHaveLength(2);
    await expect(client.describeVpcs({ vpcIds: ["vpc-1"] }, options)).rejects.toMatchObject({ code: read });
    expect(fake.log.counts()).toEqual({ AssignPrivateIpAddresses: 1, DescribeVpcs: 1 });
  },
);

test("a server that is gone was never asked: a change did not happen", async () => {
  await server.close();
  const input = { networkInterfaceId: "eni-01", secondaryPrivateIpAddressCount: 1 };
  await expect(client.assignPrivateIpAddresses(input, options)).rejects.toMatchObject({
    code: "CLOUD_UNREACHABLE",
    details: expect.stringContaining("ECONNREFUSED"),
  });
});

test("the region is asked for when the first call is made", async () => {
  let asked = 0;
  const region = async () => {
    asked += 1;
    return "eu-central-1";
  };
  const lazy = createEc2Client({ region, callTimeoutMs: 10_000 });
  expect(asked).toBe(0);
  await lazy.describeVpcs({ vpcIds: ["vpc-1"] }, options);
  expect(asked).toBeGreaterThan(0);
  lazy.close();
});

test("a call can be aborted while the region is still being looked for", async () => {
  const controller = new AbortController();
  const region = () => new Promise<string>(() => controller.abort());
  const stuck = createEc2Client({ region, callTimeoutMs: 10_000 });
  const vpcs = stuck.describeVpcs({ vpcIds: ["vpc-1"] }, { signal: controller.signal });
  await expect(vpcs).rejects.toMatchObject({ code: "CANCELLED" });
  stuck.close();
});

test("a request that is not signed with any key is refused", async () => {
  const body = "Action=DescribeVpcs&Version=2016-11-15";
  const answer = await fetch(server.url, { method: "POST", body });
  expect([answer.status, await answer.text()]).toEqual([401, expect.stringContaining("<Code>AuthFailure</Code>")]);
});
function scenarioWith(instances: number) {
  const numbers = Array.from({ length: instances }, (_, index) => String(index + 1).padStart(2, "0"));
  return {
    vpcs: [{ vpcId: "vpc-1", cidrBlocks: ["10.0.0.0/16"], ipv6CidrBlocks: ["2001:db8::/56"] }],
    subnets: [
      {
        subnetId: "subnet-1",
        vpcId: "vpc-1",
        availabilityZone: "zone-a",
        cidrBlock: "10.0.0.0/24",
        ipv6CidrBlock: "2001:db8::/64",
        tags: { note: `<a> & "b" 'ü'` },
      },
    ],
    instances: numbers.map((number) => ({
      instanceId: `i-${number}`,
      instanceType: "m5.large",
      subnetId: "subnet-1",
      networkInterfaces: [{ networkInterfaceId: `eni-${number}` }],
    })),
  };
}
