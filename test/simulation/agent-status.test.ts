import { expect, test } from "vitest";
import { NodeWorld, outcomeOf, smallPool as small } from "./node-world.ts";

const watchful = { ...small, reconcile: { intervalMs: 1_000 } };
const always = (action: string, code: string) => ({ action, when: "always", effect: { kind: "fail", code } }) as const;

function statusOf(world: NodeWorld): Promise<string> {
  return outcomeOf(world.agent.status({ network: "podnet" }, world.call()));
}

test("an empty pool that grows on demand is ready: an ADD would be served", async () => {
  const world = new NodeWorld({ config: { pools: { default: { warm: 0 } } } });
  await world.start();
  await world.clock.advance(5_000);
  expect(await statusOf(world)).toBe("ok");
  const adding = outcomeOf(world.add(1));
  await world.clock.advance(1_000);
  expect(await adding).toBe("ok");
  await world.stop();
});

test("a pool at its maximum with every address in use is not ready", async () => {
  const world = new NodeWorld({ config: { pools: { default: { warm: 0, minimum: 1, maximum: 1 } } } });
  await world.boot();
  await world.add(1);
  expect(await statusOf(world)).toBe("NOT_READY");
  await world.stop();
});

test("blocks the cloud no longer shows are no service: STATUS and ADD say the same", async () => {
  const world = new NodeWorld({ config: watchful });
  await world.boot();
  await world.clock.advance(1_500);
  for (const action of ["changeBlocks"]) world.faults.add(always(action, "CLOUD_UNREACHABLE"));
  world.provider.cloud.remove("eni-1", world.provider.cloud.blocks);
  await world.clock.advance(1_000);
  world.faults.add(always("describe", "CLOUD_UNREACHABLE"));
  await world.clock.advance(60_000);
  expect([await statusOf(world), world.agent.report().ready]).toEqual(["NOT_READY", false]);
  const adding = outcomeOf(world.add(1));
  await world.clock.advance(40_000);
  expect(await adding).toBe("CLOUD_UNREACHABLE");
  await world.stop();
});

test("a lost answer that a describe has resolved is no problem for ever, and no reason for a later shortage", async () => {
  const world = new NodeWorld({ config: { pools: { default: { warm: 0, minimum: 2, maximum: 2 } } } });
  world.faults.add({ action: "changeBlocks", when: { nth: 1 }, effect: { kind: "lose-answer" } });
  await world.boot();
  await world.clock.advance(600_000);
  expect(world.agent.report().problems).toEqual([]);
  await Promise.all([world.add(1), world.add(2)]);
  const third = outcomeOf(world.add(3));
  await world.clock.advance(40_000);
  expect(await third).toBe("POOL_EXHAUSTED");
  await world.stop();
});

test("a kernel that refuses the node's network makes it not ready, is tried again, and says so", async () => {
  const world = new NodeWorld({ config: small });
  await world.boot();
  for (let attempt = 0; attempt < 3; attempt++) world.host.failNext({ operation: "converge", when: "before" });
  await world.clock.advance(60_000);
  world.agent.refresh();
  await world.clock.settle();
  expect(await statusOf(world)).toBe("NOT_READY");
  expect(world.agent.report().problems).toMatchObject([{ code: "KERNEL_REFUSED" }]);
  await world.clock.advance(20_000);
  expect(await statusOf(world)).toBe("ok");
  await world.stop();
});
