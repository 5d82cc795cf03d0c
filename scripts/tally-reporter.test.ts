import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { captureProgram } from "./child.ts";
import { judge, type Tally } from "./tally.ts";

/** Sources of a small project with everything that can happen to a test. */
const project: Readonly<Record<string, string>> = {
  "outcomes.test.js": `
    test("passes", () => {});
    test("fails", () => { throw new Error("on purpose"); });
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

describe("a run of a project in which everything happens", () => {
  let directory = "";
  let exitCode: number | null = null;
  let tally: Tally;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "podwire-reporter-"));
    for (const [name, text] of Object.entries(project)) writeFileSync(join(directory, name), text);
    const reporter = join(import.meta.dirname, "tally-reporter.ts");
    const config = `import { tallyReporter } from ${JSON.stringify(reporter)};
      export default { test: { globals: true, reporters: [tallyReporter("tally.json")] } };`;
    writeFileSync(join(directory, "vitest.config.mjs"), config);
    const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
    const run = await captureProgram([process.execPath, vitest, "run", "--root", directory], { cwd: directory });
    exitCode = run.exitCode;
    tally = JSON.parse(readFileSync(join(directory, "tally.json"), "utf8")) as Tally;
  }, 60_000);

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test("counts what passed and what failed", () => {
    expect(tally).toMatchObject({ passed: 2, failed: 1 });
    expect(exitCode).toBe(1);
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
