import { createMemoryStore, putsOf } from "@podwire/testkit";
import { expect, test } from "vitest";
import { addressOf, expectAgreement, NodeWorld, smallPool as small } from "./node-world.ts";

/** A node whose second pod was added after the state it comes back with: the end of the write-ahead log is damaged. */
async function nodeWithOldState() {
  const world = new NodeWorld({ config: small });
  await world.boot();
  const first = await world.add(1);
  await world.clock.advance(5_000);
  const old = createMemoryStore();
  old.commit(putsOf(world.store.load()));
  const address = addressOf(await world.add(2));
  world.store.crash();
  world.store = old;
  await world.kill();
  return { world, first, address };
}

test("a state older than the kernel hands out no address that the kernel has in use, also before the cloud was asked", async () => {
  const { world, first, address } = await nodeWithOldState();
  expect(await world.add(1)).toEqual(first);
  const adds = [3, 4].map((pod) => world.add(pod));
  await world.clock.advance(10_000);
  expect((await Promise.all(adds)).map(addressOf)).not.toContain(address);
  await world.clock.advance(60_000);
  const { attachments } = world.agent.report();
  expect(attachments.find(({ containerId }) => containerId === "c2")?.addresses).toEqual([address?.split("/")[0]]);
  expectAgreement(world);
  await world.stop();
});

test("a DEL of what only the kernel knows leaves nothing, and its address rests", async () => {
  const { world } = await nodeWithOldState();
  await world.del(2);
  expect(world.agent.report().pools[0]).toMatchObject({ addresses: { allocated: 1, cooling: 1 } });
  expect((await world.host.attachments()).map(({ key }) => key.containerId)).toEqual(["c1"]);
  await world.clock.advance(60_000);
  expect(world.agent.report().attachments.map(({ containerId }) => containerId)).toEqual(["c1"]);
  expectAgreement(world);
  await world.stop();
});
