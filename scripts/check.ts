import { join } from "node:path";
import { captureProgram } from "./child.ts";
import { checkPublishedPackages } from "./published-packages.ts";

/** One check of `npm run check`: resolves with what it found wrong, ready to print. */
interface Check {
  readonly name: string;
  readonly run: () => Promise<readonly string[]>;
}

const root = join(import.meta.dirname, "..");
const node = [process.execPath, "--conditions=podwire-source"] as const;

const checks: readonly Check[] = [
  { name: "types of the packages", run: () => program("tsc", "-b") },
  { name: "types of tests and scripts", run: () => program("tsc", "-p", "tsconfig.tests.json") },
  { name: "lint and format", run: () => program("biome", "ci", "--colors=off", "--error-on-warnings") },
  { name: "architecture", run: () => program("vitest", "run", "--project", "unit", "test/architecture") },
  { name: "generated files", run: () => program(...node, "scripts/generate.ts", "--check") },
  { name: "unused code", run: () => program("knip", "--no-progress") },
  { name: "published packages", run: () => checkPublishedPackages(root) },
];

/** Runs a program of the workspace; silent when it succeeds, otherwise what it printed. */
async function program(...argv: readonly string[]): Promise<readonly string[]> {
  const { exitCode, signal, output } = await captureProgram(argv, { cwd: root, env: environment() });
  return exitCode === 0 ? [] : [output.trimEnd(), `${argv.join(" ")}: exit code ${exitCode ?? signal}`];
}

function environment(): NodeJS.ProcessEnv {
  const { PATH, ...rest } = process.env;
  return { ...rest, NO_COLOR: "1", PATH: `${join(root, "node_modules/.bin")}:${PATH}` };
}

async function runCheck(check: Check): Promise<boolean> {
  const startedMs = performance.now();
  const findings = await check.run().catch((error: unknown) => [String(error)]);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`${findings.length === 0 ? "ok    " : "FAILED"} ${check.name} (${seconds} s)`);
  for (const finding of findings) console.log(finding.replace(/^/gm, "       "));
  return findings.length === 0;
}

/** All of them run, also after one has failed: one round tells everything. */
async function main(): Promise<number> {
  const failed: string[] = [];
  for (const check of checks) if (!(await runCheck(check))) failed.push(check.name);
  console.log(failed.length === 0 ? "all checks passed" : `failed: ${failed.join(", ")}`);
  return failed.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main();
