import { neverCancelled } from "@podwire/core";
import { VirtualClock } from "@podwire/testkit";
import { describe, expect, test, vi } from "vitest";
import { createEc2Client } from "../client.ts";
import type { AdmissionOptions } from "./admission.ts";
import { FakeAws } from "./fake-aws.ts";

const options = { signal: neverCancelled };
const vpcIds = ["vpc-1"];

describe("a bucket of two tokens that gets one every two seconds", () => {
  const buckets = { DescribeVpcs: { capacity: 2, refillPerSecond: 0.5 } };
  // At these times a call arrives: whether it is let through.
  const rows = [
    { name: "a burst up to the capacity", atMs: [0, 0, 0], through: [true, true, false] },
    {
      name: "then at the rate of the refill",
      atMs: [0, 0, 1_999, 2_000, 2_001],
      through: [true, true, false, true, false],
    },
    { name: "half a token is none", atMs: [0, 0, 3_000, 3_999, 4_000], through: [true, true, true, false, true] },
    { name: "never more than the capacity", atMs: [0, 60_000, 60_000, 60_000], through: [true, true, true, false] },
  ];

  test.each(rows)("$name", async ({ atMs, through }) => {
    const { clock, api } = open({ buckets });
    const startMs = clock.bootMs();
    const seen: boolean[] = [];
    for (const ms of atMs) {
      await clock.advance(startMs + ms - clock.bootMs());
      const refusal = await api.describeVpcs({ vpcIds }, options).catch((error: unknown) => error);
      const passed = Array.isArray(refusal);
      if (!passed) expect(refusal).toMatchObject({ code: "CLOUD_THROTTLED" });
      seen.push(passed);
    }
    expect(seen).toEqual(through);
  });

  test("leaves other actions alone", async () => {
    const { api } = open({ buckets: { DescribeVpcs: { capacity: 0, refillPerSecond: 0 } } });
    await expect(api.describeVpcs({ vpcIds }, options)).rejects.toMatchObject({ code: "CLOUD_THROTTLED" });
    expect(await api.describeSubnets({ filters: [] }, options)).toHaveLength(1);
  });
});

test("an action that no policy allows is refused over the wire too, and changes nothing", async () => {
  const { fake } = open({ denied: ["AssignPrivateIpAddresses"] });
  const server = await fake.serveEc2({ host: "127.0.0.1", port: 0 });
  vi.stubEnv("AWS_ENDPOINT_URL_EC2", server.url);
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIAFAKE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "fake");
  const client = createEc2Client({ region: "eu-central-1", callTimeoutMs: 10_000 });
  try {
    const before = fake.model.state();
    const input = { networkInterfaceId: "eni-1", secondaryPrivateIpAddressCount: 1 };
    await expect(client.assignPrivateIpAddresses(input, options)).rejects.toMatchObject({
      code: "CLOUD_PERMISSION",
      message: expect.stringContaining("ec2:AssignPrivateIpAddresses"),
    });
    expect(fake.model.state()).toEqual(before);
    expect(await client.describeVpcs({ vpcIds }, options)).toHaveLength(1);
  } finally {
    client.close();
    vi.unstubAllEnvs();
    await server.close();
  }
});

function open(admission: AdmissionOptions) {
  const clock = new VirtualClock();
  const fake = new FakeAws({ scenario, clock, admission });
  return { clock, fake, api: fake.api() };
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
