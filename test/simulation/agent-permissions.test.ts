import { ec2Actions } from "@podwire/aws-eni";
import { expect, test } from "vitest";
import { Ec2World } from "./ec2-world.ts";
import { outcomeOf } from "./node-world.ts";

const config = {
  families: [4, 6],
  pools: { default: { warm: 0, cooldownMs: 1_000, releaseHoldMs: 10_000 } },
  reconcile: { intervalMs: 5_000 },
};

/** The policy of docs/guides/aws.md is made from `ec2Actions`: it allows what a node asks, and nothing beside it. */
test("the life of a node makes every call that the policy allows, and no other", async () => {
  const ipv6 = { vpc: ["2001:db8::/56"], subnet: "2001:db8:0:1::/64" };
  const world = new Ec2World({ config, ipv6 });
  const { node } = world;
  await node.start();
  const pods = Array.from({ length: 12 }, (_, pod) => pod);
  const adding = pods.map((pod) => outcomeOf(node.add(pod)));
  await node.clock.advance(20_000);
  expect(await Promise.all(adding)).toEqual(pods.map(() => "ok"));
  await Promise.all(pods.map((pod) => node.del(pod)));
  await node.clock.advance(120_000);
  expect(world.interfaces).toHaveLength(1);
  const made = new Set(world.aws.log.calls.map(({ action }) => action));
  expect([...made].sort()).toEqual(Object.keys(ec2Actions).sort());
  await node.stop();
});
