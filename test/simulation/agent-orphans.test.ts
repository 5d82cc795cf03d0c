import { expect, test } from "vitest";
import { NodeWorld } from "./node-world.ts";

const sweepIntervalMs = 100_000;
const quick = { warm: 0, cooldownMs: 1_000, releaseHoldMs: 10_000 };

function worldWith(reconcile: object = { sweepIntervalMs }): NodeWorld {
  return new NodeWorld({
    config: { pools: { default: quick }, reconcile },
    provider: {
      capabilities: { createInterface: true, orphans: true },
      limits: { maxInterfaces: 4, blocksPerInterface: { 4: 4, 6: 0 } },
    },
  });
}

/** Left detached in the cloud by a node that died. */
function leaveBehind(world: NodeWorld, id: string, nodeId = "i-dead", owner: "ours" | "foreign" = "ours"): void {
  world.provider.cloud.addInterface({ id, owner });
  world.provider.cloud.abandon(id, nodeId);
}

function left(world: NodeWorld): readonly string[] {
  return world.provider.cloud.orphans.map(({ id }) => id);
}

function deletions(world: NodeWorld): readonly (string | undefined)[] {
  return world.provider.calls.filter(({ action }) => action === "deleteInterface").map(({ ref }) => ref?.id);
}

test("an interface that a dead node left behind is deleted once two sweeps have seen it", async () => {
  const world = worldWith();
  await world.start();
  await world.clock.runUntil(
    () => world.provider.calls.some(({ action }) => action === "orphans"),
    2 * sweepIntervalMs,
  );
  leaveBehind(world, "eni-left");
  await world.clock.advance(sweepIntervalMs + 1_000);
  expect(left(world)).toEqual(["eni-left"]);
  await world.clock.advance(sweepIntervalMs);
  expect(left(world)).toEqual([]);
  await world.stop();
});

test("one that is attached before the second sweep is left alone, and so is what is not ours", async () => {
  const world = worldWith();
  await world.start();
  leaveBehind(world, "eni-short");
  leaveBehind(world, "eni-foreign", "i-dead", "foreign");
  await world.clock.advance(sweepIntervalMs);
  world.provider.cloud.deleteInterface("eni-short");
  leaveBehind(world, "eni-new");
  await world.clock.advance(sweepIntervalMs - 1_000);
  expect(deletions(world)).toEqual([]);
  await world.stop();
});

test("one that this node has stays, with the pods on it, whatever a stale list says", async () => {
  const world = worldWith({ sweepIntervalMs });
  await world.start();
  const adding = [1, 2, 3, 4, 5].map((pod) => world.add(pod));
  await world.clock.advance(5_000);
  await Promise.all(adding);
  expect(world.provider.cloud.interfaces).toHaveLength(2);
  const node = { cloud: "aws", id: world.provider.node.id };
  world.provider.orphans = async () => [{ id: "eni-2", node }];
  await world.clock.advance(3 * sweepIntervalMs);
  expect(deletions(world)).toEqual([]);
  expect(world.provider.cloud.interfaces.map(({ id }) => id)).toEqual(["eni-1", "eni-2"]);
  await world.stop();
});

test("one that somebody detached under its pods waits to be attached again, and goes after the last of them", async () => {
  const world = worldWith({ sweepIntervalMs, intervalMs: 5_000 });
  await world.start();
  const pods = [1, 2, 3, 4, 5];
  const adding = pods.map((pod) => world.add(pod));
  await world.clock.advance(10_000);
  await Promise.all(adding);
  world.provider.cloud.abandon("eni-2");
  await world.clock.advance(5 * sweepIntervalMs);
  expect(left(world)).toEqual(["eni-2"]);
  for (const pod of pods) await world.del(pod);
  await world.clock.advance(3 * sweepIntervalMs);
  expect(left(world)).toEqual([]);
  await world.stop();
});

test("a deletion that fails is tried again, and holds up no other", async () => {
  const world = worldWith();
  await world.start();
  leaveBehind(world, "eni-a");
  leaveBehind(world, "eni-b");
  const effect = { kind: "fail", code: "CLOUD_CONFLICT" } as const;
  world.faults.add({ action: "deleteInterface", when: { nth: 1 }, effect });
  await world.clock.advance(2 * sweepIntervalMs);
  expect(left(world)).toEqual(["eni-a"]);
  await world.clock.advance(sweepIntervalMs);
  expect(left(world)).toEqual([]);
  await world.stop();
});

test("while this node is creating an interface, none that was made for it is taken for left behind", async () => {
  const world = worldWith({ sweepIntervalMs: 2_000, callTimeoutMs: 120_000 });
  await world.start();
  const effect = { kind: "delay", delayMs: 100_000 } as const;
  world.faults.add({ action: "createInterface", when: "always", effect });
  const adding = [1, 2, 3, 4, 5].map((pod) => world.add(pod).catch(() => undefined));
  await world.clock.advance(1_000);
  leaveBehind(world, "eni-half", world.provider.node.id);
  await world.clock.advance(95_000);
  expect(left(world)).toEqual(["eni-half"]);
  await world.clock.advance(120_000);
  await Promise.all(adding);
  expect(left(world)).toEqual([]);
  await world.stop();
});

test("no sweep where the interval is 0", async () => {
  const world = worldWith({ sweepIntervalMs: 0 });
  await world.start();
  await world.clock.advance(10 * sweepIntervalMs);
  expect(world.provider.calls.filter(({ action }) => action === "orphans")).toEqual([]);
  await world.stop();
});
