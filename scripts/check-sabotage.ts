/**
 * `npm run check:sabotage`: applies each patch of test/sabotage to a copy of the working tree and demands that the
 * tests it names turn red. Without words the patches of the suite `unit`, with `--all` every one, with numbers those.
 */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runTests } from "./sabotage/run-tests.ts";
import type { Sabotage } from "./sabotage/sabotage.ts";
import { readSabotages, sabotageFolder } from "./sabotage/sabotage-set.ts";
import { applyPatch, copyScratch, copyWorkingTree } from "./sabotage/scratch-tree.ts";
import { faultOfBaseline, judgeSabotaged, type Verdict } from "./sabotage/verdict.ts";

const atATime = 2;
const root = join(import.meta.dirname, "..");

interface Scratch {
  readonly directory: string;
  /** The working tree as it was at the start; never tested in itself. */
  readonly original: string;
  readonly interrupted: () => boolean;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options: { all: { type: "boolean" } }, allowPositionals: true });
  const startedMs = performance.now();
  const every = readSabotages(root);
  const chosen = choose(every, { all: values.all === true, numbers: positionals });
  let interrupted = false;
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => (interrupted = true));
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "podwire-sabotage-")));
  try {
    const scratch = { directory, original: join(directory, "original"), interrupted: () => interrupted };
    await copyWorkingTree(root, scratch.original);
    if (!(await isGreen(scratch, chosen))) return 1;
    const { killed, survived } = await tryAll(scratch, chosen);
    console.log(`${killed} killed, ${survived} survived in ${secondsSince(startedMs)}`);
    const left = every.length - killed - survived;
    if (left > 0) console.log(interrupted ? "interrupted" : `${left} not tried: npm run check:sabotage -- --all`);
    return killed === chosen.length ? 0 : 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** @throws Error when a number names none */
function choose(every: readonly Sabotage[], want: { readonly all: boolean; readonly numbers: readonly string[] }) {
  const unknown = want.numbers.find((number) => !every.some(({ name }) => name.startsWith(`${number}-`)));
  if (unknown !== undefined) throw new Error(`there is no sabotage ${unknown}`);
  if (want.numbers.length === 0) return every.filter(({ suite }) => want.all || suite === "unit");
  return every.filter(({ name }) => want.numbers.includes(name.slice(0, 2)));
}

/** Whether the tests are green without any sabotage: where they are red already, everything would look killed. */
async function isGreen(scratch: Scratch, chosen: readonly Sabotage[]): Promise<boolean> {
  for (const suite of ["unit", "kernel"] as const) {
    const files = new Set(chosen.filter((one) => one.suite === suite).flatMap(({ tests }) => tests));
    if (files.size === 0) continue;
    const startedMs = performance.now();
    const tree = join(scratch.directory, `unsabotaged-${suite}`);
    copyScratch(scratch.original, tree);
    const run = await runTests(tree, suite, [...files]);
    const fault = faultOfBaseline(run);
    const verdict = fault === undefined ? "green" : `RED: ${fault}`;
    if (!scratch.interrupted()) {
      console.log(`unsabotaged, ${files.size} files of suite ${suite}: ${verdict} in ${secondsSince(startedMs)}`);
    }
    if (fault !== undefined || scratch.interrupted()) return false;
  }
  return true;
}

async function tryAll(scratch: Scratch, chosen: readonly Sabotage[]): Promise<Record<Verdict["kind"], number>> {
  const counts = { killed: 0, survived: 0 };
  const waiting = [...chosen];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const startedMs = performance.now();
      const verdict = await verdictOn(scratch, next);
      // What was cut off says nothing.
      if (scratch.interrupted()) return;
      counts[verdict.kind] += 1;
      report(next, verdict, secondsSince(startedMs));
    }
  };
  await Promise.all(Array.from({ length: atATime }, work));
  return counts;
}

function report({ name, breaks }: Sabotage, verdict: Verdict, time: string): void {
  const title = name.replace("-", " ");
  if (verdict.kind === "killed") console.log(`ok ${title} killed by ${count(verdict.by)} in ${time}`);
  else console.log(`SURVIVED ${title} in ${time}\n   ${breaks}\n   ${verdict.why}`);
}

async function verdictOn(scratch: Scratch, { name, suite, tests }: Sabotage): Promise<Verdict> {
  const tree = join(scratch.directory, name);
  try {
    copyScratch(scratch.original, tree);
    await applyPatch(tree, join(scratch.original, sabotageFolder, `${name}.patch`));
    return judgeSabotaged(await runTests(tree, suite, tests), tests);
  } catch (error) {
    return { kind: "survived", why: (error as Error).message };
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

function count(tests: number): string {
  return tests === 1 ? "1 test" : `${tests} tests`;
}

function secondsSince(startedMs: number): string {
  return `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
}

if (import.meta.main) {
  process.exitCode = await main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    return 2;
  });
}
