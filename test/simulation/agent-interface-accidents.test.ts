import { neverCancelled } from "@podwire/core";
import type { FaultEffect } from "@podwire/testkit";
import { expect, test } from "vitest";
import { Ec2World } from "./ec2-world.ts";
import { addressOf, outcomeOf } from "./node-world.ts";

/** One more than the primary interface of the instance holds. */
const config = { pools: { default: { warm: 0, minimum: 10, cooldownMs: 30_000, releaseHoldMs: 180_000 } } };

interface Accident {
  readonly what: string;
  readonly action: string;
  readonly effect: FaultEffect;
}

const accidents: readonly Accident[] = [
  { what: "refused", action: "CreateNetworkInterface", effect: { kind: "fail", code: "InternalError" } },
  {
    what: "created, and attaching refused",
    action: "AttachNetworkInterface",
    effect: { kind: "fail", code: "InternalError" },
  },
  {
    what: "created, and attaching forbidden",
    action: "AttachNetworkInterface",
    effect: { kind: "fail", code: "UnauthorizedOperation" },
  },
  { what: "attached, and the answer lost", action: "AttachNetworkInterface", effect: { kind: "lose-answer" } },
  {
    what: "attached, and marking it for deletion refused",
    action: "ModifyNetworkInterfaceAttribute",
    effect: { kind: "fail", code: "InternalError" },
  },
  {
    what: "attached, and the answer to marking it lost",
    action: "ModifyNetworkInterfaceAttribute",
    effect: { kind: "lose-answer" },
  },
];

test.each(accidents)("an interface is $what: the pool gets there all the same, with one interface", async (row) => {
  const world = new Ec2World({ config });
  const { node } = world;
  node.faults.add({ action: row.action, when: { nth: 1 }, effect: row.effect });
  await node.boot();
  await node.clock.advance(120_000);
  expect(node.agent.report()).toMatchObject({ ready: true, problems: [], operations: [], pools: [{ available: 10 }] });
  expect(world.interfaces).toMatchObject([
    { deviceIndex: 0, addresses: 9 },
    { deviceIndex: 1, addresses: 1, deleteOnTermination: true },
  ]);
  expect(world.interfaces).toHaveLength(2);
  const adds = Array.from({ length: 10 }, (_, pod) => outcomeOf(node.add(pod)));
  expect(await Promise.all(adds)).toEqual(Array(10).fill("ok"));
  await node.stop();
});

test("an interface detached under its pods: they are named, the others are served, and DEL leaves nothing", async () => {
  const watchful = {
    pools: { default: { warm: 1, minimum: 10, cooldownMs: 1_000 } },
    reconcile: { intervalMs: 1_000 },
  };
  const world = new Ec2World({ config: watchful });
  const { node, aws } = world;
  await node.boot();
  await node.clock.advance(5_000);
  const all = await Promise.all(Array.from({ length: 10 }, (_, pod) => node.add(pod)));
  const [, second] = aws.model.state().interfaces;
  const lost = all.findIndex((result) =>
    second?.secondaryAddresses.join().includes(`${addressOf(result)}`.slice(0, -3)),
  );
  expect(lost).toBeGreaterThanOrEqual(0);
  const attachmentId = `${second?.attachment?.attachmentId}`;
  await aws.api("somebody else").detachNetworkInterface({ attachmentId }, { signal: neverCancelled });
  await node.clock.advance(10_000);
  const { blocks } = node.agent.report();
  expect(blocks.filter(({ state }) => state === "lost").map(({ interfaceId }) => interfaceId)).toEqual([
    second?.networkInterfaceId,
  ]);
  await expect(node.agent.status({ network: "podnet" }, node.call())).rejects.toMatchObject({
    code: "LIMITED_CONNECTIVITY",
    details: expect.stringContaining(`c${lost}/`),
  });
  // A new interface takes its place.
  await node.add(10);
  await node.del(lost);
  expect(await outcomeOf(node.agent.status({ network: "podnet" }, node.call()))).toBe("ok");
  await node.clock.advance(60_000);
  expect(node.agent.report().interfaces.map(({ id }) => id)).not.toContain(second?.networkInterfaceId);
  expect(world.blocks).toEqual(
    node.agent
      .report()
      .blocks.map(({ cidr }) => cidr)
      .sort(),
  );
  await node.stop();
});
