import type { BlockKind } from "@podwire/core";
import { beforeEach, describe, expect, test } from "vitest";
import { addressOf, expectAgreement, NodeWorld, type NodeWorldOptions, outcomeOf } from "./node-world.ts";

const address: BlockKind = { family: 4, prefixLength: 32 };
const prefix: BlockKind = { family: 4, prefixLength: 28 };
const prefix6: BlockKind = { family: 6, prefixLength: 80 };

/** Interfaces with room for four blocks of each family, in a subnet of 251 addresses. */
function cloud(more: CloudOptions = {}): CloudOptions {
  return {
    capabilities: { blockKinds: [address, prefix, prefix6], createInterface: true, orphans: true },
    limits: { maxInterfaces: 4, blocksPerInterface: { 4: 4, 6: 4 } },
    ...more,
  };
}

type CloudOptions = NonNullable<NodeWorldOptions["provider"]>;

const quick = { warm: 0, cooldownMs: 1_000, releaseHoldMs: 10_000 };

function calls(world: NodeWorld, action: string): number {
  return world.provider.calls.filter((call) => call.action === action).length;
}

describe("pods that the primary interface has no room for", () => {
  let world: NodeWorld;
  const pods = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

  beforeEach(async () => {
    const latencyMs = (action: string) => ({ changeBlocks: 500, createInterface: 3_400 })[action] ?? 0;
    world = new NodeWorld({ config: { pools: { default: quick } }, provider: cloud({ latencyMs }) });
    await world.start();
    await world.clock.settle();
  });

  test("that come together cost one call for each interface, and each gets an address of its own", async () => {
    const adding = pods.map(async (pod) => {
      await world.clock.advance(0);
      return world.add(pod);
    });
    await world.clock.advance(10_000);
    const addresses = (await Promise.all(adding)).map(addressOf);
    expect(new Set(addresses).size).toBe(pods.length);
    expect([calls(world, "changeBlocks"), calls(world, "createInterface")]).toEqual([1, 2]);
    expectAgreement(world);
    await world.stop();
  });

  test("give interfaces back once they are gone and the hold is over, the primary one never", async () => {
    const adding = pods.map((pod) => world.add(pod));
    await world.clock.advance(10_000);
    await Promise.all(adding);
    for (const pod of pods) await world.del(pod);
    await world.clock.advance(10_000);
    expect(world.provider.cloud.interfaces).toHaveLength(3);
    await world.clock.advance(30_000);
    expect(world.provider.cloud.interfaces.map(({ id }) => id)).toEqual(["eni-1"]);
    expect(world.agent.report().interfaces.map(({ id }) => id)).toEqual(["eni-1"]);
    expectAgreement(world);
    await world.stop();
  });

  test("keep their interface: one pod on it is enough", async () => {
    const adding = pods.map((pod) => world.add(pod));
    await world.clock.advance(10_000);
    await Promise.all(adding);
    const onSecond = world.agent.report().interfaces[1]?.id ?? "";
    const report = world.agent.report();
    const blocksOf = (id: string) => report.blocks.filter(({ interfaceId }) => interfaceId === id);
    const kept = report.attachments.find(({ addresses }) =>
      blocksOf(onSecond).some(({ cidr }) => cidr === `${addresses[0]}/32`),
    );
    for (const pod of pods) if (`c${pod}` !== kept?.containerId) await world.del(pod);
    await world.clock.advance(60_000);
    expect(world.provider.cloud.interfaces.map(({ id }) => id)).toEqual(["eni-1", onSecond]);
    expectAgreement(world);
    await world.stop();
  });
});

describe("an interface that is deleted", () => {
  async function shrinking(options: NodeWorldOptions = {}): Promise<NodeWorld> {
    const world = new NodeWorld({ config: { pools: { default: quick } }, provider: cloud(), ...options });
    await world.start();
    const adding = [1, 2, 3, 4, 5].map((pod) => world.add(pod));
    await world.clock.advance(2_000);
    await Promise.all(adding);
    expect(world.provider.cloud.interfaces).toHaveLength(2);
    for (const pod of [1, 2, 3, 4, 5]) await world.del(pod);
    return world;
  }

  test("is not taken up again from a view that still shows it", async () => {
    const reconcile = { intervalMs: 1_000 };
    const world = await shrinking({ config: { pools: { default: quick }, reconcile }, provider: cloud() });
    await world.clock.advance(8_000);
    world.provider.describeLagMs = 5_000;
    await world.clock.runUntil(() => world.provider.cloud.interfaces.length === 1, 60_000);
    await world.clock.settle();
    for (let second = 0; second < 30; second++) {
      expect(world.agent.report().interfaces).toHaveLength(1);
      await world.clock.advance(1_000);
    }
    await world.stop();
  });

  test.each(["lose-answer", "fail"] as const)("goes in the end, also after a call went wrong: %s", async (kind) => {
    const world = await shrinking();
    const effect = kind === "fail" ? ({ kind, code: "CLOUD_UNREACHABLE" } as const) : ({ kind } as const);
    world.faults.add({ action: "deleteInterface", when: { nth: 1 }, effect });
    await world.clock.advance(200_000);
    expect(world.provider.cloud.interfaces).toHaveLength(1);
    expectAgreement(world);
    await world.stop();
  });

  test("stays when pods come while its release waits for a place among the calls", async () => {
    const world = await shrinking();
    await world.clock.advance(10_500);
    const adding = [6, 7, 8, 9, 10].map((pod) => world.add(pod));
    await world.clock.advance(5_000);
    expect(await Promise.all(adding.map(outcomeOf))).toEqual(["ok", "ok", "ok", "ok", "ok"]);
    await world.clock.advance(60_000);
    expectAgreement(world);
    await world.stop();
  });

  test("goes when the daemon died in the middle of it", async () => {
    const latencyMs = (action: string) => (action === "deleteInterface" ? 4_000 : 0);
    const world = await shrinking({ config: { pools: { default: quick } }, provider: cloud({ latencyMs }) });
    await world.clock.runUntil(() => world.agent.report().operations.length > 0, 60_000);
    await world.kill();
    await world.clock.advance(200_000);
    expect(world.provider.cloud.interfaces).toHaveLength(1);
    expectAgreement(world);
    await world.stop();
  });
});

test("a creation that is refused rests before it is tried again, and the pool recovers by itself", async () => {
  const world = new NodeWorld({ config: { pools: { default: quick } }, provider: cloud() });
  world.faults.add({
    action: "createInterface",
    when: "always",
    times: 5,
    effect: { kind: "fail", code: "CLOUD_LIMIT" },
  });
  await world.start();
  const adding = [1, 2, 3, 4, 5].map((pod) => outcomeOf(world.add(pod)));
  await world.clock.advance(40_000);
  expect((await Promise.all(adding)).sort()).toEqual(["CLOUD_LIMIT", "ok", "ok", "ok", "ok"]);
  expect(calls(world, "createInterface")).toBeLessThan(8);
  await world.clock.advance(60_000);
  const late = world.add(5);
  await world.clock.advance(70_000);
  await late;
  expectAgreement(world);
  await world.stop();
});

describe("prefixes", () => {
  const config = { pools: { default: { ...quick, prefixes: true } } };

  test("hold sixteen pods each, one call for all of them", async () => {
    const world = new NodeWorld({ config, provider: cloud() });
    await world.start();
    const adding = Array.from({ length: 40 }, (_, pod) => world.add(pod));
    await world.clock.advance(5_000);
    await Promise.all(adding);
    expect(calls(world, "changeBlocks")).toBe(1);
    expect(world.provider.cloud.blocks.map((cidr) => cidr.split("/")[1])).toEqual(["28", "28", "28"]);
    expectAgreement(world);
    await world.stop();
  });

  test("are kept for the hold after their last pod, also beside one that is half empty for long", async () => {
    const world = new NodeWorld({ config, provider: cloud() });
    await world.start();
    const pods = Array.from({ length: 17 }, (_, pod) => pod);
    const adding = pods.map((pod) => world.add(pod));
    await world.clock.advance(60_000);
    await Promise.all(adding);
    for (const pod of pods.slice(1)) await world.del(pod);
    await world.clock.advance(10_000);
    expect(world.provider.cloud.blocks).toHaveLength(2);
    await world.clock.advance(2_000);
    expect(world.provider.cloud.blocks).toHaveLength(1);
    expectAgreement(world);
    await world.stop();
  });

  test("are single addresses in a subnet that is in pieces, and prefixes again when it is whole", async () => {
    const world = new NodeWorld({ config, provider: cloud() });
    const mend = world.provider.cloud.fragment("subnet-1");
    await world.start();
    const first = [1, 2].map((pod) => world.add(pod));
    await world.clock.advance(5_000);
    await Promise.all(first);
    expect(world.provider.cloud.blocks.every((cidr) => cidr.endsWith("/32"))).toBe(true);
    mend();
    await world.clock.advance(160_000);
    const more = [3, 4, 5].map((pod) => world.add(pod));
    await world.clock.advance(5_000);
    await Promise.all(more);
    expect(world.provider.cloud.blocks.some((cidr) => cidr.endsWith("/28"))).toBe(true);
    expectAgreement(world);
    await world.stop();
  });
});

test("a subnet that was full when it was looked at is looked at again while the pool goes short", async () => {
  const world = new NodeWorld({ config: { pools: { default: { ...quick, warm: 6 } } }, provider: cloud() });
  for (let n = 0; n < 4; n++) world.provider.cloud.addAny("eni-1", address);
  const free = world.provider.cloud.occupy("subnet-1", 0);
  await world.start();
  await world.clock.advance(5_000);
  expect(world.agent.report().pools[0]?.available).toBe(4);
  free();
  await world.clock.advance(65_000);
  expect(world.agent.report().pools[0]?.available).toBe(6);
  const before = calls(world, "network");
  await world.clock.advance(300_000);
  expect(calls(world, "network")).toBe(before);
  await world.stop();
});

test("a family that the subnets do not have is no address: an ADD says so, and nothing is asked for in vain", async () => {
  const config = { families: [4, 6], pools: { default: quick } };
  const world = new NodeWorld({ config, provider: cloud() });
  await world.start();
  const adding = outcomeOf(world.add(1));
  await world.clock.advance(30_000);
  expect(await adding).toBe("CLOUD_NOT_FOUND");
  expect(calls(world, "createInterface")).toBe(0);
  await world.stop();
});

test("a pod of both families gets one address of each, by one block of IPv6 for all pods", async () => {
  const subnets = [{ id: "subnet-1", cidr: "10.0.0.0/24", ipv6Cidr: "2001:db8::/64" }];
  const config = { families: [4, 6], pools: { default: { ...quick, warm: 1 } } };
  const world = new NodeWorld({ config, provider: cloud({ subnets }) });
  await world.boot();
  const adding = [1, 2, 3, 4, 5, 6].map((pod) => world.add(pod));
  await world.clock.advance(10_000);
  const results = await Promise.all(adding);
  expect(results.map(({ ips }) => ips?.map(({ address: text }) => text.includes(":")))).toEqual(
    results.map(() => [false, true]),
  );
  expect(world.provider.cloud.blocks.filter((cidr) => cidr.includes(":"))).toHaveLength(1);
  for (const pod of [1, 2, 3, 4, 5, 6]) await world.del(pod);
  await world.clock.advance(120_000);
  expect(world.provider.cloud.interfaces).toHaveLength(1);
  expect(world.provider.cloud.blocks).toHaveLength(2);
  expectAgreement(world);
  await world.stop();
});

test("pods and interfaces have the MTU of the cloud's network", async () => {
  const world = new NodeWorld({ config: { pools: { default: { ...quick, warm: 6 } } }, provider: cloud() });
  await world.boot();
  const { interfaces } = await world.add(1);
  expect(interfaces?.map(({ mtu }) => mtu)).toEqual([9001, 9001]);
  const desired = world.host.converged.at(-1);
  expect(desired?.interfaces.map(({ role, mtuBytes }) => [role, mtuBytes])).toEqual([
    ["primary", 9001],
    ["secondary", 9001],
  ]);
  await world.stop();
});

test("an interface that somebody detached leaves its place on the instance to a new one, while its pods live", async () => {
  const limits = { maxInterfaces: 2, blocksPerInterface: { 4: 4, 6: 4 } };
  const world = new NodeWorld({ config: { pools: { default: quick } }, provider: cloud({ limits }) });
  await world.start();
  const adding = [1, 2, 3, 4, 5].map((pod) => world.add(pod));
  await world.clock.advance(5_000);
  await Promise.all(adding);
  world.provider.cloud.abandon("eni-2");
  await world.clock.advance(70_000);
  expect(await outcomeOf(world.agent.status({ network: "podnet" }, world.call()))).toBe("LIMITED_CONNECTIVITY");
  const sixth = outcomeOf(world.add(6));
  await world.clock.advance(29_000);
  expect(await sixth).toBe("ok");
  await world.stop();
});
