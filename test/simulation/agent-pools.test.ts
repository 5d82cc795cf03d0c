import { describe, expect, test } from "vitest";
import { addressOf, expectAgreement, NodeWorld, type NodeWorldOptions, outcomeOf, podKey } from "./node-world.ts";

const quick = { warm: 0, cooldownMs: 1_000, releaseHoldMs: 10_000 };

const provider: NonNullable<NodeWorldOptions["provider"]> = {
  capabilities: { createInterface: true, orphans: true },
  limits: { maxInterfaces: 4, blocksPerInterface: { 4: 4, 6: 0 } },
  subnets: [
    { id: "subnet-node", cidr: "10.0.0.0/24", tags: { tier: "node" } },
    { id: "subnet-a", cidr: "10.0.1.0/24", tags: { tier: "pods", zone: "a" } },
    { id: "subnet-b", cidr: "10.0.2.0/24", tags: { tier: "pods", zone: "b" } },
  ],
};

const config = {
  pools: {
    default: quick,
    fast: { ...quick, subnetTags: { tier: "pods", zone: "b" }, securityGroupIds: ["sg-fast"] },
  },
  networks: { "fast-net": "fast" },
};

function onFast(pod: number) {
  return { key: { ...podKey(pod), network: "fast-net" } };
}

async function addTo(world: NodeWorld, pod: number, more = {}): Promise<string | undefined> {
  const adding = world.add(pod, more);
  await world.clock.advance(2_000);
  return addressOf(await adding);
}

describe("a pool beside the default one", () => {
  test("serves its networks by interfaces of its own, in its subnets, with its security groups", async () => {
    const world = new NodeWorld({ config, provider });
    await world.start();
    expect(await addTo(world, 1)).toMatch(/^10\.0\.0\./);
    expect(await addTo(world, 2, onFast(2))).toMatch(/^10\.0\.2\./);
    const { interfaces } = world.agent.report();
    expect(interfaces.map(({ pool, subnetId }) => [pool, subnetId])).toEqual([
      ["default", "subnet-node"],
      ["fast", "subnet-b"],
    ]);
    const created = world.provider.calls.find(({ action }) => action === "createInterface")?.request;
    expect(created).toMatchObject({ pool: "fast", subnetId: "subnet-b", securityGroupIds: ["sg-fast"] });
    expectAgreement(world);
    await world.stop();
  });

  test("is known again by its interfaces when the state is lost", async () => {
    const world = new NodeWorld({ config, provider });
    await world.start();
    const first = await addTo(world, 2, onFast(2));
    await world.forgetState();
    await world.clock.advance(2_000);
    expect(world.agent.report().interfaces.map(({ pool }) => pool)).toEqual(["default", "fast"]);
    expect(await addTo(world, 3, onFast(3))).toMatch(/^10\.0\.2\./);
    expect(await addTo(world, 4)).not.toBe(first);
    await world.stop();
  });

  test("waits for itself: neither pool serves the other's pods", async () => {
    const full = { ...provider, limits: { maxInterfaces: 1, blocksPerInterface: { 4: 4, 6: 0 as const } } };
    const world = new NodeWorld({ config, provider: full });
    await world.start();
    const lost = outcomeOf(world.add(9, onFast(9)));
    const served = [1, 2, 3, 4].map((pod) => outcomeOf(world.add(pod)));
    await world.clock.advance(40_000);
    expect(await Promise.all(served)).toEqual(["ok", "ok", "ok", "ok"]);
    expect(await lost).toBe("INTERFACE_LIMIT");
    await world.stop();
  });
});

test("a pool that is refused more leaves the other one ready, with reasons of its own", async () => {
  const pools = { ...config.pools, default: { ...quick, maximum: 1 } };
  const world = new NodeWorld({ config: { ...config, pools }, provider });
  await world.start();
  const effect = { kind: "fail", code: "CLOUD_PERMISSION" } as const;
  world.faults.add({ action: "createInterface", when: "always", effect });
  const lost = outcomeOf(world.add(9, onFast(9)));
  await world.clock.advance(2_000);
  const statusOf = (network: string) => outcomeOf(world.agent.status({ network }, world.call()));
  expect([await statusOf("podnet"), await statusOf("fast-net")]).toEqual(["ok", "NOT_READY"]);
  expect(await addTo(world, 1)).toMatch(/^10\.0\.0\./);
  const outgrown = outcomeOf(world.add(2));
  await world.clock.advance(40_000);
  expect([await outgrown, await lost]).toEqual(["POOL_EXHAUSTED", "CLOUD_PERMISSION"]);
  await world.stop();
});

test("where tags name no subnet of the zone, nothing is created and an ADD says why", async () => {
  const pools = { default: quick, fast: { ...quick, subnetTags: { tier: "nobody" } } };
  const world = new NodeWorld({ config: { ...config, pools }, provider });
  await world.start();
  const lost = outcomeOf(world.add(9, onFast(9)));
  await world.clock.advance(40_000);
  expect(await lost).toBe("CLOUD_NOT_FOUND");
  await world.stop();
});

test("targets counted in interfaces keep one interface's worth of addresses free", async () => {
  const pools = { default: { ...quick, warmInterfaces: 1 } };
  const world = new NodeWorld({ config: { pools }, provider });
  await world.boot();
  expect(world.agent.report().pools[0]?.available).toBe(4);
  await addTo(world, 1);
  await world.clock.advance(2_000);
  expect(world.agent.report().pools[0]?.available).toBe(4);
  await world.del(1);
  await world.clock.advance(60_000);
  expect(world.provider.cloud.interfaces).toHaveLength(1);
  expectAgreement(world);
  await world.stop();
});
