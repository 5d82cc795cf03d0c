import { expect, test } from "vitest";
import { Ec2World } from "./ec2-world.ts";
import { addressOf, outcomeOf } from "./node-world.ts";

const yearMs = 365 * 86_400_000;
const config = { pools: { default: { warm: 1, maximum: 3, cooldownMs: 30_000, releaseHoldMs: 60_000 } } };

/** ADDs, waiting ones too, cool-downs, a throttled cloud, a restart and a release; all that happened, and when. */
async function lifeOfANode(jumpWall: (world: Ec2World) => void): Promise<unknown> {
  const world = new Ec2World({ config, latencyMs: () => 200 });
  const { node } = world;
  await node.boot();
  const added = await Promise.all([1, 2, 3].map((pod) => served(world, pod)));
  jumpWall(world);
  const tooMany = outcomeOf(node.add(4));
  await node.clock.advance(10_000);
  await node.del(1);
  const end = node.faults.add({ action: "*", when: "always", effect: { kind: "fail", code: "Throttling" } });
  jumpWall(world);
  await node.clock.advance(10_000);
  await node.kill();
  jumpWall(world);
  await node.clock.advance(40_000);
  end();
  const last = addressOf(await served(world, 5));
  await Promise.all([2, 3, 5].map((pod) => node.del(pod)));
  jumpWall(world);
  await node.clock.advance(300_000);
  const calls = world.aws.log.calls.map(({ action, atMs }) => `${action} ${atMs}`);
  await node.stop();
  return { added, last, tooMany: await tooMany, calls, report: node.agent.report() };
}

async function served({ node }: Ec2World, pod: number) {
  const adding = node.add(pod);
  await node.clock.advance(29_000);
  return adding;
}

test.each([-yearMs, yearMs])("a wall clock that jumps by %d ms, again and again, changes nothing", async (byMs) => {
  const undisturbed = await lifeOfANode(() => {});
  expect(await lifeOfANode(({ node }) => node.clock.jumpWall(byMs))).toEqual(undisturbed);
});
