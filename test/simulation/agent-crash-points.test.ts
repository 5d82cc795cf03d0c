import { hostCidr, type StateChange } from "@podwire/core";
import { expect, test } from "vitest";
import { addressOf, expectAgreement, NodeWorld, outcomeOf } from "./node-world.ts";

/** Short, so that a life of the node holds a release as well. */
const config = { pools: { default: { warm: 1, cooldownMs: 2_000, releaseHoldMs: 5_000 } } };
const stepMs = 4_000;

type Step = readonly ["add" | "del", number] | readonly ["wait"];

const life: readonly Step[] = [
  ["add", 1],
  ["add", 2],
  ["add", 3],
  ["del", 2],
  ["add", 4],
  ["del", 1],
  ["del", 3],
  ["wait"],
  ["wait"],
  ["add", 5],
];
const living = ["c4", "c5"];

interface Death {
  /** Which commit of the node is its last. */
  readonly commit: number;
  /** Whether that one is still written. */
  readonly written: boolean;
}

/** Leads the life; what dies with the process is asked for again, as runtimes do. How many commits it took. */
async function lead(world: NodeWorld, death: Death): Promise<number> {
  let commits = 0;
  let dead = false;
  const real = world.store.commit;
  world.store.commit = (changes: readonly StateChange[]) => {
    commits += 1;
    if (commits !== death.commit) return real(changes);
    if (death.written) real(changes);
    world.die();
    dead = true;
    throw new Error("the process has died");
  };
  const live = async (step: () => Promise<unknown>) => {
    const ended = outcomeOf(step());
    await world.clock.advance(stepMs);
    if (!dead) return expect(await ended).toBe("ok");
    dead = false;
    await world.kill();
    const again = outcomeOf(step());
    await world.clock.advance(stepMs);
    expect(await again).toBe("ok");
  };
  await live(() => world.start());
  const pods = new Map<string, string>();
  for (const [verb, pod = 0] of life) {
    if (verb === "add") await live(async () => pods.set(`c${pod}`, `${addressOf(await world.add(pod))}`));
    else if (verb === "del")
      await live(async () => {
        pods.delete(`c${pod}`);
        await world.del(pod);
      });
    else await live(async () => {});
    expect(await inKernel(world)).toEqual(pods);
  }
  return commits;
}

/** What the kernel routes, by container. */
async function inKernel(world: NodeWorld): Promise<ReadonlyMap<string, string>> {
  const found = await world.host.attachments();
  return new Map(found.map(({ key, addresses }) => [key.containerId, addresses.map(hostCidr).join()]));
}

async function expectNothingLeftOver(world: NodeWorld): Promise<void> {
  await world.clock.advance(120_000);
  const { attachments, problems, pools } = world.agent.report();
  expect(attachments.map(({ containerId, state }) => `${containerId} ${state}`).sort()).toEqual(
    living.map((name) => `${name} ready`),
  );
  const pods = await inKernel(world);
  expect(pods).toEqual(new Map(attachments.map((one) => [one.containerId, one.addresses.map(hostCidr).join()])));
  expect(new Set(pods.values()).size).toBe(living.length);
  expect(problems).toEqual([]);
  expect(pools).toMatchObject([{ waiters: 0, available: 1, addresses: { allocated: 2 } }]);
  expectAgreement(world);
}

test.each([
  ["before it is written", false],
  ["after it was written", true],
])("a process that dies at any of its commits, %s, leaves nothing over and doubles nothing", async (_when, written) => {
  const provider = { latencyMs: () => 200 };
  const undisturbed = new NodeWorld({ config, provider });
  const commits = await lead(undisturbed, { commit: 0, written });
  await expectNothingLeftOver(undisturbed);
  await undisturbed.stop();
  expect(commits).toBeGreaterThan(25);
  for (let commit = 1; commit <= commits; commit++) {
    const world = new NodeWorld({ config, provider });
    await lead(world, { commit, written });
    await expectNothingLeftOver(world).catch((error: Error) => {
      throw new Error(`died at commit ${commit}: ${error.message}`, { cause: error });
    });
    await world.stop();
  }
});
