import { writeFileSync } from "node:fs";
import type { Reporter, TestCase, TestModule } from "vitest/node";
import type { FailedTest, SkippedTest, Tally } from "./tally.ts";

/** Environment variable with the file that `tallyReporter` writes to; without it there is no tally. */
export const tallyFileVariable = "PODWIRE_TEST_TALLY_FILE";

/**
 * Vitest's own JSON report drops the reasons of skipped tests and the errors outside of tests; this one keeps both.
 * @param options.endWithinMs how long vitest may take to end once it has reported
 */
export function tallyReporter(file: string, { endWithinMs = 30_000 } = {}): Reporter {
  return {
    onTestRunEnd(modules, unhandledErrors) {
      const problems = [
        ...modules.flatMap(problemsOf),
        ...unhandledErrors.map((error) => `unhandled: ${error.message}`),
      ];
      const tally: Tally = { ...countTests(modules), problems };
      writeFileSync(file, JSON.stringify(tally));
      endForCertain(file, tally, endWithinMs);
    },
  };
}

/** A process that a test left behind may hold vitest's output open, and then vitest waits for it without end. */
function endForCertain(file: string, tally: Tally, endWithinMs: number): void {
  const end = (): void => {
    const problem = `vitest did not end within ${endWithinMs / 1000} s: a test left something running`;
    writeFileSync(file, JSON.stringify({ ...tally, problems: [...tally.problems, problem] } satisfies Tally));
    process.exit(1);
  };
  setTimeout(end, endWithinMs).unref();
}

function countTests(modules: readonly TestModule[]): Omit<Tally, "problems"> {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const passed = tests.filter((test) => test.result().state === "passed").length;
  const skipped = tests.flatMap(skippedTest);
  // What is neither (a test that never finished) counts as failed.
  return { passed, failed: tests.length - passed - skipped.length, failures: tests.flatMap(failedTest), skipped };
}

function failedTest(test: TestCase): readonly FailedTest[] {
  const { state, errors = [] } = test.result();
  return state === "failed" ? [{ name: nameOf(test), errors: errors.map(({ name = "Error" }) => name) }] : [];
}

function skippedTest(test: TestCase): readonly SkippedTest[] {
  const result = test.result();
  if (result.state !== "skipped") return [];
  return [{ name: nameOf(test), reason: result.note }];
}

function nameOf(test: TestCase): string {
  return `${test.module.relativeModuleId} > ${test.fullName}`;
}

function problemsOf(module: TestModule): readonly string[] {
  return [module, ...module.children.allSuites()].flatMap((suite) =>
    suite.errors().map((error) => `${module.relativeModuleId}: ${error.message}`),
  );
}
