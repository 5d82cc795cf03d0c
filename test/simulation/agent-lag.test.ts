import { expect, test } from "vitest";
import { expectAgreement, NodeWorld, smallPool as small } from "./node-world.ts";

const watchful = { ...small, reconcile: { intervalMs: 1_000 } };

test("a restart within the lag takes no live pod's block for lost, and asks for nothing twice", async () => {
  const world = new NodeWorld({ config: {} });
  world.provider.describeLagMs = 3_000;
  await world.boot();
  await world.add(1);
  await world.kill();
  await world.clock.advance(2_500);
  await world.agent.status({ network: "podnet" }, world.call());
  expect(world.provider.cloud.blocks.length).toBeLessThanOrEqual(9);
  await world.stop();
});

test("views that lag behind every assignment do not make the pool grow without end", async () => {
  const world = new NodeWorld({ config: watchful });
  world.provider.describeLagMs = 10_000;
  await world.start();
  await world.clock.advance(60_000);
  expect(world.provider.cloud.blocks).toHaveLength(2);
  await world.stop();
});

test("an interface that was created is waited for until a view shows it, and no other is created meanwhile", async () => {
  const capabilities = { createInterface: true, orphans: true };
  const limits = { maxInterfaces: 4, blocksPerInterface: { 4: 4, 6: 0 as const } };
  const config = { pools: { default: { warm: 6 } } };
  const world = new NodeWorld({ config, provider: { capabilities, limits } });
  world.provider.describeLagMs = 10_000;
  await world.start();
  await world.clock.advance(9_000);
  await world.kill();
  await world.clock.advance(4_000);
  const [report] = world.agent.report().pools;
  expect(report?.available).toBe(6);
  await world.clock.advance(60_000);
  expect(world.provider.calls.filter(({ action }) => action === "createInterface")).toHaveLength(1);
  expect(world.provider.cloud.interfaces).toHaveLength(2);
  expectAgreement(world);
  await world.stop();
});

test("an interface that vanishes before any view shows it is waited for no longer than a view can lag", async () => {
  const capabilities = { createInterface: true, orphans: true };
  const limits = { maxInterfaces: 4, blocksPerInterface: { 4: 4, 6: 0 as const } };
  const config = { pools: { default: { warm: 6 } } };
  const world = new NodeWorld({ config, provider: { capabilities, limits } });
  world.provider.describeLagMs = 10_000;
  await world.start();
  await world.clock.runUntil(() => world.provider.cloud.interfaces.length === 2, 20_000);
  world.provider.cloud.removeInterface("eni-2");
  await world.clock.advance(90_000);
  expect(world.agent.report().pools[0]?.available).toBe(6);
  expectAgreement(world);
  await world.stop();
});

test("a regular comparison right after growth, with a lagging view, loses no block", async () => {
  const world = new NodeWorld({ config: small });
  await world.boot();
  await world.clock.advance(57_000);
  world.provider.describeLagMs = 10_000;
  for (const pod of [1, 2, 3]) {
    await world.add(pod);
    await world.clock.advance(1_000);
  }
  await world.clock.advance(60_000);
  expect(world.logged("cloud took blocks that pods use")).toBe(false);
  expect(world.logged("cloud took blocks")).toBe(false);
  await world.stop();
});
