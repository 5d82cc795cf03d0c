import { readFileSync } from "node:fs";
import { join } from "node:path";
import { captureProgram } from "../child.ts";
import type { Tally } from "../tally.ts";
import type { Sabotage } from "./sabotage.ts";
import type { TestRun } from "./verdict.ts";

/** A sabotage may make a test go round for ever; the slowest files take a minute. */
const longestRunMs = 300_000;

/** The pool's model draws the same cases each time, a third of the usual number: no verdict depends on luck. */
const environment = { NO_COLOR: "1", POOL_MODEL_RUNS: "300", POOL_MODEL_SEED: "1" };

/** Runs test files of one suite in a scratch tree as `npm test` would, by the scripts of that tree. */
export async function runTests(tree: string, suite: Sabotage["suite"], files: readonly string[]): Promise<TestRun> {
  const report = join(tree, "report.json");
  const words = ["--conditions=podwire-source", "scripts/test.ts", "--suite", suite, "--json", report, ...files];
  const { output, ...end } = await captureProgram([process.execPath, ...words], {
    cwd: tree,
    env: { ...process.env, ...environment },
    timeout: longestRunMs,
    detached: true,
  });
  return { tally: readReport(report), end, output };
}

function readReport(file: string): Tally | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Tally;
  } catch {
    return undefined;
  }
}
