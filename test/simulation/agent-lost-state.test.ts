import type { Cidr } from "@podwire/core";
import { expect, test } from "vitest";
import { addressOf, NodeWorld, smallPool as small } from "./node-world.ts";

const watchful = { ...small, reconcile: { intervalMs: 1_000 } };

/** A node with one pod, whose daemon has died and lost its state. */
async function nodeWithLostState(config: object = small) {
  const world = new NodeWorld({ config });
  await world.boot();
  const address = addressOf(await world.add(1));
  await world.clock.advance(5_000);
  const lostMs = world.clock.bootMs();
  await world.clock.advance(5_000);
  await world.forgetState();
  return { world, address, lostMs };
}

async function expectNothing(world: NodeWorld): Promise<void> {
  expect(await world.host.attachments()).toEqual([]);
  expect(world.agent.report().attachments).toEqual([]);
  await world.stop();
}

test("attachments come back from the kernel before any address is given out", async () => {
  const { world, address } = await nodeWithLostState();
  const second = world.add(2);
  await world.clock.advance(5_000);
  expect(addressOf(await second)).not.toEqual(address);
  const known = world.agent.report().attachments.map(({ containerId }) => containerId);
  expect(known.sort()).toEqual(["c1", "c2"]);
  await world.del(1);
  expect(await world.host.attachments()).toHaveLength(1);
  await world.stop();
});

test.each([
  ["by its key", "podnet"],
  ["by containerID and ifName alone", undefined],
])(
  "a DEL before the cloud was asked takes the pod out of the kernel, %s, and it does not come back",
  async (_how, network) => {
    const { world, address } = await nodeWithLostState();
    await world.del(1, { network });
    await world.clock.advance(10_000);
    expect(world.agent.report().pools[0]?.addresses.cooling).toBe(1);
    await world.clock.advance(10_000);
    expect(addressOf(await world.add(2))).not.toEqual(address);
    await world.del(2);
    await expectNothing(world);
  },
);

test("a DEL that was spooled before the state was lost is younger than what came back", async () => {
  const { world, lostMs } = await nodeWithLostState();
  await world.clock.advance(5_000);
  await world.del(1, { madeMs: lostMs });
  await expectNothing(world);
});

test("an ADD of the same key before the cloud was asked gets one address, and the old one rests", async () => {
  const { world, address } = await nodeWithLostState();
  const again = world.add(1);
  await world.clock.advance(10_000);
  expect(addressOf(await again)).not.toEqual(address);
  expect(world.agent.report().attachments.flatMap(({ addresses }) => addresses)).toHaveLength(1);
  await world.stop();
});

test("what was deleted since does not come back when its block does", async () => {
  const { world, address } = await nodeWithLostState(watchful);
  await world.clock.advance(10_000);
  await world.del(1);
  await world.clock.advance(100_000);
  world.provider.cloud.remove("eni-1", [address as Cidr]);
  await world.clock.advance(10_000);
  world.provider.cloud.addBlock("eni-1", address as Cidr);
  await world.clock.advance(10_000);
  await expectNothing(world);
});
