import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { captureProgram } from "./child.ts";
import { judge, type Tally } from "./tally.ts";

/** Sources of a small project with everything that can happen to a test. */
const project: Readonly<Record<string, string>> = {
  "outcomes.test.js": `
    test("passes", () => {});
    test("fails", () => { throw new RangeError("on purpose"); });
    test("gives a reason", (context) => context.skip("no compiler"));
    test.skip("gives none", () => {});
  `,
  "does-not-load.test.js": "throw new Error('broken file');",
  "hook.test.js": `
    beforeAll(() => { throw new Error("broken hook"); });
    test("never runs", () => {});
  `,
  "stray.test.js": `
    test("passes and leaves a rejection behind", () => { Promise.reject(new Error("stray rejection")); });
  `,
};

interface ProjectRun {
  readonly exitCode: number | null;
  readonly tally: Tally;
}

/**
 * Runs vitest on the sources, in a process and a directory of its own, which is gone afterwards.
 * @param reporters as they stand in the configuration
 */
async function runProject(
  sources: Readonly<Record<string, string>>,
  reporters = 'tallyReporter("tally.json")',
): Promise<ProjectRun> {
  const directory = mkdtempSync(join(tmpdir(), "podwire-reporter-"));
  try {
    for (const [name, text] of Object.entries(sources)) writeFileSync(join(directory, name), text);
    const reporter = join(import.meta.dirname, "tally-reporter.ts");
    const config = `import { tallyReporter } from ${JSON.stringify(reporter)};
      export default { test: { globals: true, reporters: [${reporters}] } };`;
    writeFileSync(join(directory, "vitest.config.mjs"), config);
    const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
    const argv = [process.execPath, vitest, "run", "--root", directory];
    const { exitCode } = await captureProgram(argv, { cwd: directory });
    return { exitCode, tally: JSON.parse(readFileSync(join(directory, "tally.json"), "utf8")) as Tally };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

describe("a run of a project in which everything happens", () => {
  let exitCode: number | null = null;
  let tally: Tally;

  beforeAll(async () => {
    ({ exitCode, tally } = await runProject(project));
  }, 60_000);

  test("counts what passed and what failed", () => {
    expect(tally).toMatchObject({ passed: 2, failed: 1 });
    expect(exitCode).toBe(1);
  });

  test("names what failed, and what it failed with", () => {
    expect(tally.failures).toEqual([{ name: "outcomes.test.js > fails", errors: ["RangeError"] }]);
  });

  test("keeps the reasons of skipped tests, and names those without", () => {
    expect(tally.skipped).toContainEqual({ name: "outcomes.test.js > gives a reason", reason: "no compiler" });
    expect(tally.skipped).toContainEqual({ name: "outcomes.test.js > gives none" });
  });

  test("tells what went wrong outside of tests", () => {
    expect(tally.problems).toContainEqual("does-not-load.test.js: broken file");
    expect(tally.problems).toContainEqual("hook.test.js: broken hook");
    expect(tally.problems).toContainEqual("unhandled: stray rejection");
  });

  test("counts each of them as a failure", () => {
    expect(judge(tally, { exitCode, signal: null }, false).failed).toBe(tally.failed + tally.problems.length);
  });
});

test("a run that something keeps from ending is ended, with the reason", async () => {
  const holding = "{ onTestRunEnd: () => void setInterval(() => {}, 1000) }";
  const { exitCode, tally } = await runProject(
    { "quick.test.js": "test('passes', () => {});" },
    `tallyReporter("tally.json", { endWithinMs: 200 }), ${holding}`,
  );
  expect(exitCode).toBe(1);
  expect(tally).toMatchObject({ passed: 1, problems: [expect.stringMatching(/vitest did not end/)] });
}, 60_000);
