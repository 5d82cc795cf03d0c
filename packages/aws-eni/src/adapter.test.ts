import { neverCancelled } from "@podwire/core";
import { VirtualClock } from "@podwire/testkit";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createAdapter } from "./adapter.ts";
import { FakeAws, type FakeServer } from "./testing/index.ts";

const options = { signal: neverCancelled };
const clock = new VirtualClock();
let servers: readonly FakeServer[] = [];
let fake: FakeAws;

beforeEach(async () => {
  fake = new FakeAws({ scenario, clock });
  const ec2 = await fake.serveEc2({ host: "127.0.0.1", port: 0 });
  const metadata = await fake.serveMetadata({ host: "127.0.0.1", port: 0, instanceId: "i-1" });
  servers = [ec2, metadata];
  vi.stubEnv("AWS_ENDPOINT_URL_EC2", ec2.url);
  vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url);
  // Nothing in the environment or the home directory of whoever runs the test may help.
  for (const name of [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
  ]) {
    vi.stubEnv(name, undefined);
  }
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
  vi.stubEnv("AWS_CONFIG_FILE", "/nonexistent");
});

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const server of servers) await server.close();
});

test("region and credentials come from the instance itself: a node needs no configuration", async () => {
  const { provider, identity, close } = createAdapter({ cluster: "blue", clock, callTimeoutMs: 10_000 });
  const node = await identity.self(neverCancelled);
  expect(node).toEqual(fake.nodeRef("i-1"));
  const { interfaces } = await provider.describe(node, options);
  const add = { kind: { family: 4, prefixLength: 32 }, count: 2 } as const;
  const interfaceId = interfaces[0]?.id ?? "";
  const { added } = await provider.changeBlocks({ token: "t", node, interfaceId, add }, options);
  expect((await provider.describe(node, options)).interfaces[0]?.blocks).toEqual(added);
  close();
  expect(fake.log.counts("i-1")).toEqual(fake.log.counts());
});

test("without metadata service there is no region: the call fails as unreachable, and nothing is sent", async () => {
  await servers[1]?.close();
  const { provider, close } = createAdapter({ cluster: "blue", clock, callTimeoutMs: 10_000 });
  await expect(provider.describe(fake.nodeRef("i-1"), options)).rejects.toMatchObject({ code: "CLOUD_UNREACHABLE" });
  close();
  expect(fake.log.calls).toEqual([]);
});

test("nothing is sent before the first call", () => {
  const { close } = createAdapter({ cluster: "blue", clock, callTimeoutMs: 10_000, region: "eu-central-1" });
  close();
  expect(fake.log.calls).toEqual([]);
});

const scenario = {
  vpcs: [{ vpcId: "vpc-1", cidrBlocks: ["10.0.0.0/16"] }],
  subnets: [{ subnetId: "subnet-1", vpcId: "vpc-1", availabilityZone: "zone-a", cidrBlock: "10.0.0.0/24" }],
  instances: [{ instanceId: "i-1", instanceType: "m5.large", subnetId: "subnet-1" }],
};
