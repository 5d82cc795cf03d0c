import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { PodwireError } from "@podwire/core";
import { runInSandbox } from "@podwire/testkit";
import { runProgram } from "./child.ts";
import { judge, noTests, type ProcessEnd, type SkippedTest, sumTallies, type Tally, tallyLine } from "./tally.ts";
import { tallyFileVariable } from "./tally-reporter.ts";

interface Suite {
  /** Also the name of the vitest project. */
  readonly name: string;
  /** Runs a command where the suite needs it. */
  readonly run: (argv: readonly string[]) => Promise<ProcessEnd>;
}

const suites: readonly Suite[] = [
  { name: "unit", run: (argv) => runProgram(argv) },
  { name: "kernel", run: async (argv) => ({ exitCode: await runInSandbox(hideMark(argv)), signal: null }) },
];

const root = join(import.meta.dirname, "..");
const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { suite: { type: "string" }, json: { type: "string" } },
    allowPositionals: true,
  });
  const chosen = suites.filter(({ name }) => values.suite === undefined || values.suite === name);
  if (chosen.length === 0) {
    console.error(
      `there is no suite ${JSON.stringify(values.suite)}, only ${suites.map(({ name }) => name).join(", ")}`,
    );
    return 2;
  }
  let interrupted = false;
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => (interrupted = true));
  const tallies: Tally[] = [];
  for (const suite of chosen) {
    if (!interrupted) tallies.push(await runSuite(suite, positionals).catch(brokenSuite));
  }
  const sum = sumTallies(tallies);
  for (const skipped of sum.skipped) console.log(describeSkipped(skipped));
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(sum));
  console.log(tallyLine(sum));
  return interrupted || sum.failed > 0 || sum.passed === 0 ? 1 : 0;
}

async function runSuite(suite: Suite, filters: readonly string[]): Promise<Tally> {
  const startedMs = performance.now();
  const directory = mkdtempSync(join(tmpdir(), "podwire-test-"));
  try {
    const tallyFile = join(directory, "tally.json");
    // What an interrupted test leaves in its temporary directories goes with ours.
    const environment = ["env", `${tallyFileVariable}=${tallyFile}`, `TMPDIR=${directory}`];
    const argv = [...environment, process.execPath, vitest, "run", "--root", root, "--project", suite.name];
    const end = await suite.run([...argv, "--passWithNoTests", ...filters]);
    const tally = judge(readTally(tallyFile), end, filters.length > 0);
    for (const problem of tally.problems) console.log(`problem: ${problem}`);
    console.log(`suite ${suite.name}: ${tallyLine(tally)} in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
    return tally;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A suite that could not even be started, a machine without namespaces for instance, is a failure with a reason. */
function brokenSuite(error: unknown): Tally {
  const details = error instanceof PodwireError && error.details !== undefined ? `; ${error.details}` : "";
  const problem = `${error instanceof Error ? error.message : String(error)}${details}`;
  console.log(`problem: ${problem}`);
  return { ...noTests, failed: 1, problems: [problem] };
}

function readTally(file: string): Tally | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Tally;
  } catch {
    return undefined;
  }
}

/** The tests start programs that make a sandbox unless they are in one, and that must count as their own. */
function hideMark(argv: readonly string[]): readonly string[] {
  return [
    "sh",
    "-c",
    'mount -t tmpfs -o mode=755 tmpfs /run && mkdir /run/netns && exec "$@"',
    "kernel-suite",
    ...argv,
  ];
}

function describeSkipped({ name, reason }: SkippedTest): string {
  return `skipped: ${name}: ${reason ?? "no reason given"}`;
}

if (import.meta.main) process.exitCode = await main();
