import { parseCidr } from "@podwire/core";
import { describe, expect, test } from "vitest";
import { addressOf, expectAgreement, NodeWorld, ofCode, podKey, smallPool as small } from "./node-world.ts";

describe("the pool", () => {
  test("gives back what is too much after the hold, and keeps what is warm", async () => {
    const world = new NodeWorld({ config: small });
    await world.boot();
    for (const pod of [1, 2, 3, 4]) {
      const adding = world.add(pod);
      await world.clock.advance(1_000);
      await adding;
    }
    expect(world.provider.cloud.blocks).toHaveLength(6);
    for (const pod of [1, 2, 3, 4]) await world.del(pod);
    await world.clock.advance(30_000 + 179_000);
    expect(world.provider.cloud.blocks).toHaveLength(6);
    await world.clock.advance(62_000);
    expect(world.provider.cloud.blocks).toHaveLength(2);
    expectAgreement(world);
    await world.stop();
  });

  test.each(["lose-answer", "partial", "fail"] as const)(
    "reaches its target after a call went wrong: %s",
    async (kind) => {
      const world = new NodeWorld({ config: { pools: { default: { warm: 4 } } } });
      const effect =
        kind === "fail"
          ? ({ kind, code: "CLOUD_UNREACHABLE" } as const)
          : kind === "partial"
            ? ({ kind, atMost: 1 } as const)
            : ({ kind } as const);
      world.faults.add({ action: "changeBlocks", when: { nth: 1 }, effect });
      await world.boot();
      await world.clock.advance(120_000);
      expect(world.agent.report().pools[0]?.available).toBe(4);
      expect(world.provider.cloud.blocks).toHaveLength(4);
      expectAgreement(world);
      await world.stop();
    },
  );

  test("a call that hangs is given up, its outcome asked for, and what came of it taken up", async () => {
    const world = new NodeWorld({ config: { ...small, reconcile: { callTimeoutMs: 5_000 } } });
    const effect = { kind: "delay", delayMs: 8_000, when: "after" } as const;
    world.faults.add({ action: "changeBlocks", when: { nth: 1 }, effect });
    await world.boot();
    await world.clock.advance(60_000);
    expect(world.provider.cloud.blocks).toHaveLength(2);
    expectAgreement(world);
    await world.stop();
  });
});

describe("what somebody else does in the cloud", () => {
  test("a range that the VPC gets or loses is known to the kernel within ten minutes", async () => {
    const world = new NodeWorld({ config: small });
    await world.boot();
    const { cloud } = world.provider;
    const before = cloud.network.bind(cloud);
    const ranges = () => world.host.converged.at(-1)?.vpcCidrs;
    expect(ranges()).toEqual(["10.0.0.0/24"]);
    cloud.network = () => ({ ...before(), vpcCidrs: [...before().vpcCidrs, parseCidr("100.64.0.0/16")] });
    await world.clock.advance(660_000);
    expect(ranges()).toEqual(["10.0.0.0/24", "100.64.0.0/16"]);
    cloud.network = before;
    await world.clock.advance(660_000);
    expect(ranges()).toEqual(["10.0.0.0/24"]);
    await world.stop();
  });

  test("a block taken away under a pod is lost: STATUS 51 names the pod, other ADDs go on, DEL ends it", async () => {
    const world = new NodeWorld({ config: { ...small, reconcile: { intervalMs: 1_000 } } });
    await world.boot();
    const address = addressOf(await world.add(1));
    await world.clock.advance(1_000);
    world.provider.cloud.remove("eni-1", [address as never]);
    await world.clock.advance(5_000);
    const status = world.agent.status({ network: "podnet" }, world.call());
    await expect(status).rejects.toMatchObject({
      code: "LIMITED_CONNECTIVITY",
      details: expect.stringContaining("c1"),
    });
    await expect(
      world.agent.check({ key: podKey(1), netnsPath: "/run/netns/p1", prevResult: {} }, world.call()),
    ).rejects.toEqual(ofCode("CHECK_FAILED"));
    await world.add(2);
    await world.del(1);
    await world.agent.status({ network: "podnet" }, world.call());
    await world.clock.advance(40_000);
    expectAgreement(world);
    await world.stop();
  });

  test("a block that appears is taken up", async () => {
    const world = new NodeWorld({ config: { ...small, reconcile: { intervalMs: 1_000 } } });
    await world.boot();
    world.provider.cloud.addAny("eni-1", { family: 4, prefixLength: 32 });
    await world.clock.advance(2_000);
    expectAgreement(world);
    await world.stop();
  });
});

describe("the death of the process", () => {
  test("keeps attachments and cool-downs, and gives no address twice", async () => {
    const world = new NodeWorld({ config: { pools: { default: { warm: 0, maximum: 2, cooldownMs: 30_000 } } } });
    await world.start();
    await world.clock.settle();
    const adds = [world.add(1), world.add(2)];
    await world.clock.advance(1_000);
    const [first, second] = await Promise.all(adds);
    await world.del(2);
    await world.kill();
    await world.clock.advance(1_000);
    expect(await world.add(1)).toEqual(first);
    const third = world.add(3);
    await world.clock.advance(28_999);
    expect(world.agent.report().pools[0]?.waiters).toBe(1);
    await world.clock.advance(1);
    expect(addressOf(await third)).toEqual(addressOf(second as never));
    await world.stop();
  });

  test("in the middle of an ADD: the address is free again, the kernel is clean", async () => {
    const world = new NodeWorld({ config: small });
    await world.boot();
    const release = world.host.holdAttach();
    void world.add(1).catch(() => {});
    await world.clock.settle();
    await world.kill();
    release();
    await world.clock.advance(10_000);
    expect(world.agent.report().attachments).toEqual([]);
    await world.stop();
  });

  test("in the middle of a call to the cloud: its outcome is asked for before anything is tried again", async () => {
    const world = new NodeWorld({ config: small, provider: { latencyMs: (a) => (a === "changeBlocks" ? 3_000 : 0) } });
    await world.start();
    await world.clock.advance(2_000);
    expect(world.agent.report().operations).toHaveLength(1);
    await world.kill();
    await world.clock.advance(120_000);
    expect(world.provider.cloud.blocks).toHaveLength(2);
    expectAgreement(world);
    await world.stop();
  });
});
