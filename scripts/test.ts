import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { runProgram } from "./child.ts";
import { judge, type SkippedTest, sumTallies, type Tally, tallyLine } from "./tally.ts";
import { tallyFileVariable } from "./tally-reporter.ts";

interface Suite {
  /** Also the name of the vitest project. */
  readonly name: string;
  /** The command that runs `argv` where the suite needs it. */
  readonly surround: (argv: readonly string[]) => readonly string[];
}

const suites: readonly Suite[] = [
  { name: "unit", surround: (argv) => argv },
  { name: "kernel", surround: inNamespaces },
];

const root = join(import.meta.dirname, "..");
const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options: { suite: { type: "string" } }, allowPositionals: true });
  const chosen = suites.filter(({ name }) => values.suite === undefined || values.suite === name);
  if (chosen.length === 0) {
    console.error(
      `there is no suite ${JSON.stringify(values.suite)}, only ${suites.map(({ name }) => name).join(", ")}`,
    );
    return 2;
  }
  const tallies: Tally[] = [];
  for (const suite of chosen) tallies.push(await runSuite(suite, positionals));
  const sum = sumTallies(tallies);
  for (const skipped of sum.skipped) console.log(describeSkipped(skipped));
  console.log(tallyLine(sum));
  return sum.failed > 0 || sum.passed === 0 ? 1 : 0;
}

async function runSuite(suite: Suite, filters: readonly string[]): Promise<Tally> {
  const startedMs = performance.now();
  const directory = mkdtempSync(join(tmpdir(), "podwire-test-"));
  try {
    const tallyFile = join(directory, "tally.json");
    const argv = [process.execPath, vitest, "run", "--project", suite.name, "--passWithNoTests", ...filters];
    const env = { ...process.env, [tallyFileVariable]: tallyFile };
    const end = await runProgram(suite.surround(argv), { cwd: root, env });
    const tally = judge(readTally(tallyFile), end, filters.length > 0);
    for (const problem of tally.problems) console.log(`problem: ${problem}`);
    console.log(`suite ${suite.name}: ${tallyLine(tally)} in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
    return tally;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function readTally(file: string): Tally | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Tally;
  } catch {
    return undefined;
  }
}

function inNamespaces(argv: readonly string[]): readonly string[] {
  const flags = ["-nmp", "--fork", "--kill-child", "--mount-proc", ...(process.getuid?.() === 0 ? [] : ["-Ur"])];
  return ["unshare", ...flags, "sh", "-c", 'mount -t tmpfs tmpfs /run && exec "$@"', "sh", ...argv];
}

function describeSkipped({ name, reason }: SkippedTest): string {
  return `skipped: ${name}: ${reason ?? "no reason given"}`;
}

if (import.meta.main) process.exitCode = await main();
