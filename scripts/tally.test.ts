import { describe, expect, test } from "vitest";
import { judge, noTests, sumTallies, type Tally, tallyLine } from "./tally.ts";

const clean = { exitCode: 0, signal: null };
const someTests: Tally = { ...noTests, passed: 3, skipped: [{ name: "a", reason: "no compiler" }] };

describe("a test run is judged", () => {
  test("as it was reported when vitest ended well", () => {
    expect(judge(someTests, clean, false)).toEqual(someTests);
  });

  test("as failed when a file did not load, although every test passed", () => {
    const judged = judge({ ...someTests, problems: ["a.test.ts: syntax error"] }, { exitCode: 1, signal: null }, false);
    expect(judged.failed).toBe(1);
  });

  test.each([
    { name: "vitest exits without a report", tally: undefined, end: clean, says: /exited with 0 without a report/ },
    {
      name: "vitest is killed",
      tally: undefined,
      end: { exitCode: null, signal: "SIGKILL" },
      says: /ended by SIGKILL without a report/,
    },
    {
      name: "vitest fails although no test did",
      tally: someTests,
      end: { exitCode: 1, signal: null },
      says: /exited with 1 although no test failed/,
    },
    { name: "no test ran", tally: noTests, end: clean, says: /no test ran/ },
  ])("as failed, with the reason, when $name", ({ tally, end, says }) => {
    const judged = judge(tally, end, false);
    expect(judged.failed).toBe(1);
    expect(judged.problems.join()).toMatch(says);
  });

  test("as empty and not failed when a filter left nothing of this suite", () => {
    expect(judge(noTests, clean, true)).toEqual(noTests);
  });
});

test("the last line is the sum of all suites", () => {
  const failing = judge(undefined, { exitCode: 134, signal: null }, false);
  expect(tallyLine(sumTallies([someTests, failing]))).toBe("3 passed, 1 failed, 1 skipped");
});
