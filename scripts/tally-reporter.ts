import { writeFileSync } from "node:fs";
import type { Reporter, TestCase, TestModule } from "vitest/node";
import type { SkippedTest, Tally } from "./tally.ts";

/** Environment variable with the file that `tallyReporter` writes to; without it there is no tally. */
export const tallyFileVariable = "PODWIRE_TEST_TALLY_FILE";

/** Vitest's own JSON report drops the reasons of skipped tests and the errors outside of tests; this one keeps both. */
export function tallyReporter(file: string): Reporter {
  return {
    onTestRunEnd(modules, unhandledErrors) {
      const problems = [
        ...modules.flatMap(problemsOf),
        ...unhandledErrors.map((error) => `unhandled: ${error.message}`),
      ];
      writeFileSync(file, JSON.stringify({ ...countTests(modules), problems } satisfies Tally));
    },
  };
}

function countTests(modules: readonly TestModule[]): Omit<Tally, "problems"> {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const passed = tests.filter((test) => test.result().state === "passed").length;
  const skipped = tests.flatMap(skippedTest);
  // What is neither (a test that never finished) counts as failed.
  return { passed, failed: tests.length - passed - skipped.length, skipped };
}

function skippedTest(test: TestCase): readonly SkippedTest[] {
  const result = test.result();
  if (result.state !== "skipped") return [];
  return [{ name: `${test.module.relativeModuleId} > ${test.fullName}`, reason: result.note }];
}

function problemsOf(module: TestModule): readonly string[] {
  return [module, ...module.children.allSuites()].flatMap((suite) =>
    suite.errors().map((error) => `${module.relativeModuleId}: ${error.message}`),
  );
}
