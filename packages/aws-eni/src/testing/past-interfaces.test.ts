import { neverCancelled } from "@podwire/core";
import { VirtualClock } from "@podwire/testkit";
import { expect, test } from "vitest";
import { createAwsProvider } from "../provider.ts";
import { FakeAws } from "./fake-aws.ts";

const options = { signal: neverCancelled };

test("a describe shows a change once the lag is over, one change after the other", async () => {
  const { clock, fake } = open();
  const shown = async () => {
    const selection = { networkInterfaceIds: ["eni-1"] };
    const [own] = await fake.api().describeNetworkInterfaces(selection, options);
    return own?.privateIpAddresses.length;
  };
  fake.model.assign("eni-1", 1);
  await clock.advance(1_000);
  fake.model.assign("eni-1", 1);
  await clock.advance(1_999);
  expect(await shown()).toBe(1);
  await clock.advance(1);
  expect(await shown()).toBe(2);
  await clock.advance(1_000);
  expect(await shown()).toBe(3);
});

test("an interface that was just created is not found by its id, and an unfinished one is taken back all the same", async () => {
  const { clock, fake } = open();
  const before = fake.model.state();
  fake.faults.add({
    action: "AttachNetworkInterface",
    when: { nth: 1 },
    effect: { kind: "fail", code: "UnauthorizedOperation" },
  });
  const provider = createAwsProvider({ api: fake.api(), clock, cluster: "blue" });
  const created = provider.createInterface(
    {
      token: "t",
      node: fake.nodeRef("i-1"),
      scope: { clusterName: "blue", networkId: "vpc-1" },
      subnetId: "subnet-1",
      pool: "default",
      securityGroupIds: [],
      add: [],
    },
    options,
  );
  await expect(created).rejects.toMatchObject({ code: "CLOUD_PERMISSION" });
  expect(fake.model.state()).toEqual(before);
});

function open() {
  const clock = new VirtualClock();
  return { clock, fake: new FakeAws({ scenario, clock, describeLagMs: 3_000 }) };
}

const scenario = {
  vpcs: [{ vpcId: "vpc-1", cidrBlocks: ["10.0.0.0/16"] }],
  subnets: [{ subnetId: "subnet-1", vpcId: "vpc-1", availabilityZone: "zone-a", cidrBlock: "10.0.0.0/24" }],
  instances: [
    {
      instanceId: "i-1",
      instanceType: "m5.large",
      subnetId: "subnet-1",
      networkInterfaces: [{ networkInterfaceId: "eni-1" }],
    },
  ],
};
