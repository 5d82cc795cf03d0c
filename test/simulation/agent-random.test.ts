import fc from "fast-check";
import { test } from "vitest";
import { type Command, commands, type Shape, shapes } from "./random-commands.ts";
import { RandomWorld } from "./random-world.ts";

const runs = Number(process.env["AGENT_RANDOM_RUNS"] ?? 1_000);
const seed = Number(process.env["AGENT_RANDOM_SEED"] ?? Math.trunc(Math.random() * 2 ** 31));
/** Real time: a slow machine does fewer runs. */
const longestMs = Number(process.env["AGENT_RANDOM_MS"] ?? 25_000);

test(
  "whatever happened to a node, once it is calm cloud, state and kernel agree and the targets are met",
  async () => {
    let done = 0;
    const property = fc.asyncProperty(shapes, commands, async (shape: Shape, script: readonly Command[]) => {
      const world = new RandomWorld(shape);
      await world.boot();
      for (const command of script) await world.run(command);
      await world.calm();
      world.expectPeace();
      await world.clear();
      await world.expectEmptiness();
      done++;
    });
    const limits = { interruptAfterTimeLimit: longestMs, markInterruptAsFailure: false };
    await fc.assert(property, { numRuns: runs, seed, ...limits });
    console.log(`agent at random: ${done} runs, AGENT_RANDOM_SEED=${seed}`);
  },
  longestMs + 35_000,
);
