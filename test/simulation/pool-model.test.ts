import fc from "fast-check";
import { expect, test } from "vitest";
import { type Ending, PoolWorld } from "./pool-world.ts";

/** The rest of the world is the oracle: the model only remembers what was asked for. */
interface Model {
  steps: number;
}

type Step = fc.Command<Model, PoolWorld>;

function step(name: string, run: (world: PoolWorld) => void): Step {
  return {
    check: () => true,
    run(model, world) {
      model.steps++;
      run(world);
      expect(world.check(), `after step ${model.steps}: ${name}`).toEqual([]);
    },
    toString: () => name,
  };
}

const key = fc
  .integer({ min: 0, max: 15 })
  .map((pod) => ({ network: "podnet", containerId: `c${pod}`, ifName: "eth0" }));
const ending = fc.constantFrom<Ending>(
  "answered",
  "answer lost",
  "refused",
  "half done",
  "crash before",
  "crash after",
);
const crash = fc.constantFrom("none" as const, "none" as const, "before kernel" as const, "after kernel" as const);

const steps: fc.Arbitrary<Step>[] = [
  fc.tuple(key, crash).map(([k, c]) => step(`add ${k.containerId} (crash: ${c})`, (world) => world.add(k, c))),
  key.map((k) => step(`del ${k.containerId}`, (world) => world.del(k))),
  ending.map((e) => step(`maintain (${e})`, (world) => world.maintain(e))),
  fc.constant(step("maintain (answered)", (world) => world.maintain("answered"))),
  fc.constant(step("answers arrive", (world) => world.finish())),
  fc.constant(step("answers arrive", (world) => world.finish())),
  fc.integer({ min: 0, max: 2 }).map((lag) => step(`look, ${lag} views late`, (world) => world.look(lag))),
  fc.constant(step("see", (world) => world.see())),
  fc.constantFrom(500, 20_000, 200_000).map((ms) =>
    step(`${ms} ms pass`, (world) => {
      world.nowMs += ms;
    }),
  ),
  fc.nat(50).map((index) => step(`somebody unassigns block ${index}`, (world) => world.steal(index))),
  fc.constant(step("restart", (world) => world.restart())),
];

const targets = fc.record({
  warm: fc.integer({ min: 0, max: 4 }),
  warmPrefixes: fc.constant(0),
  warmInterfaces: fc.constant(0),
  minimum: fc.integer({ min: 0, max: 4 }),
  maximum: fc.option(fc.integer({ min: 4, max: 20 }), { nil: undefined }),
  releaseHoldMs: fc.constantFrom(0, 180_000),
});

const runs = Number(process.env["POOL_MODEL_RUNS"] ?? 1_000);
const seed = Number(process.env["POOL_MODEL_SEED"] ?? Math.trunc(Math.random() * 2 ** 31));

test("no order of ADDs, DELs, growth, shrinking, lost answers, stale views, crashes and theft breaks an invariant", () => {
  let executed = 0;
  // fast-check draws the number of steps evenly below the most, so this is 220 a run, well above the 200 demanded.
  const commands = fc.commands(steps, { maxCommands: 440, size: "max" });
  fc.assert(
    fc.property(targets, commands, (wanted, chosen) => {
      const model = { steps: 0 };
      fc.modelRun(() => ({ model, real: new PoolWorld(wanted) }), chosen);
      executed += model.steps;
    }),
    { numRuns: runs, seed },
  );
  console.log(`pool model: ${runs} runs, ${executed} steps, POOL_MODEL_SEED=${seed}`);
  expect(executed).toBeGreaterThan(runs * (runs < 1_000 ? 100 : 200));
}, 300_000);
