import { describe, expect, test } from "vitest";
import { type FailedTest, noTests, type Tally } from "../tally.ts";
import { faultOfBaseline, judgeSabotaged } from "./verdict.ts";

const files = ["a.test.ts", "b.test.ts"];
const end = { exitCode: 1, signal: null };
const output = "x.ts:3\nSyntaxError: unexpected token\nNode.js v24";
const failed = (file: string, ...errors: readonly string[]): FailedTest => ({ name: `${file} > works`, errors });
const redIn = (...failures: readonly FailedTest[]): Tally => ({ ...noTests, failed: failures.length, failures });

describe("a sabotage", () => {
  test("is killed when a test fails in each of the files", () => {
    const tally = redIn(failed("a.test.ts", "AssertionError"), failed("b.test.ts", "PodwireError"));
    expect(judgeSabotaged({ tally, end, output }, files)).toEqual({ kind: "killed", by: 2 });
  });

  test("is killed by a test that fails with an error of the patch and another one", () => {
    const tally = redIn(failed("a.test.ts", "TypeError", "AssertionError"));
    expect(judgeSabotaged({ tally, end, output }, ["a.test.ts"])).toEqual({ kind: "killed", by: 1 });
  });

  const loads = { ...noTests, failed: 1, problems: ["a.test.ts: x is not exported"] };
  const oneFile = redIn(failed("a.test.ts", "AssertionError"));
  test.each([
    ["every test stays green", { ...noTests, passed: 9 }, "a.test.ts, b.test.ts: every test stayed green"],
    ["one of the files stays green", oneFile, "b.test.ts: every test stayed green"],
    ["a file of a similar name is red", redIn(failed("a.test.tsx", "Error")), "a.test.ts, b.test.ts: every test"],
    ["a module does not load", loads, "no test failed, but: a.test.ts: x is not exported"],
    ["a name is not defined", redIn(failed("a.test.ts", "ReferenceError")), "mistake in the patch (ReferenceError)"],
    ["something is no function", redIn(failed("b.test.ts", "TypeError")), "mistake in the patch (TypeError)"],
    [
      "the run ends without a report",
      undefined,
      "the run exited with 1 without a report: SyntaxError: unexpected token",
    ],
  ])("survives when %s", (_, tally, why) => {
    const verdict = judgeSabotaged({ tally, end, output }, files);
    expect(verdict).toEqual({ kind: "survived", why: expect.stringContaining(why) });
  });
});

describe("tests without a sabotage", () => {
  test("are green when they passed", () => {
    expect(faultOfBaseline({ tally: { ...noTests, passed: 1 }, end, output })).toBeUndefined();
  });

  test.each([
    ["one failed", { ...redIn(failed("a.test.ts", "AssertionError")), passed: 8 }, "a.test.ts > works"],
    ["a file does not load", { ...noTests, passed: 8, failed: 1, problems: ["a: broken"] }, "a: broken"],
    ["one never ended", { ...noTests, passed: 8, failed: 1 }, "1 tests never ended"],
    ["none ran", noTests, "no test ran"],
    ["the run ended without a report", undefined, "exited with 1 without a report"],
  ])("are not green when %s", (_, tally, fault) => {
    expect(faultOfBaseline({ tally, end, output })).toContain(fault);
  });
});
