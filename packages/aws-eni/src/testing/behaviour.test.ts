import { neverCancelled } from "@podwire/core";
import { VirtualClock } from "@podwire/testkit";
import { expect, test } from "vitest";
import { FakeAws, type FakeAwsOptions } from "./fake-aws.ts";
import type { ScenarioInput } from "./scenario.ts";

const options = { signal: neverCancelled };
const one = { networkInterfaceId: "eni-1", secondaryPrivateIpAddressCount: 1 };

test("a call takes the latency of its action, and the cloud changes half-way", async () => {
  const { clock, fake } = open({ latencyMs: { AssignPrivateIpAddresses: 500 } });
  const assigned = fake.api().assignPrivateIpAddresses(one, options);
  await clock.advance(249);
  expect(held(fake)).toBe(0);
  await clock.advance(1);
  expect(held(fake)).toBe(1);
  await clock.advance(250);
  expect((await assigned).privateIpAddresses).toHaveLength(1);
  expect(await fake.api().describeVpcs({ vpcIds: ["vpc-1"] }, options)).toHaveLength(1);
});

test("describes and metadata lag each for itself", async () => {
  const { clock, fake } = open({ describeLagMs: 1_000, metadataLagMs: 3_000 });
  const shown = async () => {
    const [own] = await fake.api().describeNetworkInterfaces({ networkInterfaceIds: ["eni-1"] }, options);
    const [inMetadata] = fake.metadataState().interfaces;
    return [own?.privateIpAddresses.length, 1 + (inMetadata?.secondaryAddresses.length ?? 0)];
  };
  fake.model.assign("eni-1", 1);
  await clock.advance(999);
  expect(await shown()).toEqual([1, 1]);
  await clock.advance(1);
  expect(await shown()).toEqual([2, 1]);
  await clock.advance(2_000);
  expect(await shown()).toEqual([2, 2]);
});

test("throttling and denial are those of the scenario, also for a dry run, which changes nothing", async () => {
  const { fake } = open({
    throttling: { DescribeVpcs: { capacity: 1, refillPerSecond: 0 } },
    denied: ["AssignPrivateIpAddresses"],
  });
  const describeVpcs = () => fake.api().describeVpcs({ vpcIds: ["vpc-1"] }, options);
  await describeVpcs();
  await expect(describeVpcs()).rejects.toMatchObject({ code: "CLOUD_THROTTLED" });
  await expect(fake.api().assignPrivateIpAddresses(one, options)).rejects.toMatchObject({ code: "CLOUD_PERMISSION" });
  const dryRun = { action: "AssignPrivateIpAddresses", request: { ...one, dryRun: true } } as const;
  expect(await fake.perform(dryRun, "i-1")).toMatchObject({ answer: { refusal: { code: "UnauthorizedOperation" } } });
  expect(held(fake)).toBe(0);
});

test("faults are those of the scenario, and the same seed draws the same ones", async () => {
  const faults = [
    { action: "AssignPrivateIpAddresses", when: { nth: 1 }, effect: { kind: "lose-answer" } },
    { action: "AssignPrivateIpAddresses", when: { nth: 2 }, effect: { kind: "partial", atMost: 1 } },
    { action: "DescribeVpcs", when: { probability: 0.5 }, effect: { kind: "fail", code: "InternalError" } },
  ] as const;
  const run = async () => {
    const { fake } = open({ faults: [...faults] });
    const api = fake.api();
    await expect(api.assignPrivateIpAddresses(one, options)).rejects.toMatchObject({ code: "CLOUD_OUTCOME_UNKNOWN" });
    await api.assignPrivateIpAddresses({ ...one, secondaryPrivateIpAddressCount: 3 }, options);
    expect(held(fake)).toBe(2);
    const outcomes: boolean[] = [];
    for (let i = 0; i < 20; i++) {
      outcomes.push(
        await api.describeVpcs({ vpcIds: ["vpc-1"] }, options).then(
          () => true,
          () => false,
        ),
      );
    }
    return outcomes;
  };
  const outcomes = await run();
  expect(new Set(outcomes).size).toBe(2);
  expect(await run()).toEqual(outcomes);
});

test("what a test says goes before what the scenario says", async () => {
  const { fake } = open(
    { denied: ["DescribeVpcs"], latencyMs: { DescribeVpcs: 1_000 } },
    { admission: {}, latencyMs: {} },
  );
  expect(await fake.api().describeVpcs({ vpcIds: ["vpc-1"] }, options)).toHaveLength(1);
});

function held(fake: FakeAws): number | undefined {
  return fake.model.state().interfaces[0]?.secondaryAddresses.length;
}

function open(behaviour: NonNullable<ScenarioInput["behaviour"]>, more: Partial<FakeAwsOptions> = {}) {
  const clock = new VirtualClock();
  return { clock, fake: new FakeAws({ scenario: { ...scenario, behaviour }, clock, ...more }) };
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
