import { expect, test } from "vitest";
import { describeVerdicts, judge } from "./limit.ts";
import type { Measurement } from "./measurement.ts";

const alone: Measurement = { name: "add", unit: "ms", ours: { p50: 2, p99: 5 } };
const measured: Measurement = { ...alone, peer: { p50: 8, p99: 9 }, ratio: 0.25 };

test.each([
  { what: "a ratio at its limit is kept", limit: { maxRatio: 0.25 }, outcomes: ["kept"] },
  { what: "a ratio above it is broken", limit: { maxRatio: 0.2 }, outcomes: ["broken"] },
  { what: "each limit of a row is judged", limit: { maxP50: 1, maxP99: 5 }, outcomes: ["broken", "kept"] },
  { what: "a single bad round breaks a limit of all", limit: { maxP99: 4 }, outcomes: ["broken"] },
  { what: "a row without limits has no verdict", limit: {}, outcomes: [] },
  { what: "a ratio is open where no peer was measured", row: alone, limit: { maxRatio: 9 }, outcomes: ["open"] },
  {
    what: "every limit is open where nothing was measured",
    row: { name: "add", unmeasured: "no kernel" },
    limit: { maxRatio: 9, maxP50: 9 },
    outcomes: ["open", "open"],
  },
])("$what", ({ row = measured, limit, outcomes }) => {
  expect(judge(row, limit).map(({ outcome }) => outcome)).toEqual(outcomes);
});

test("what was not kept is told with its reason, and then how many there were", () => {
  const verdicts = [
    ...judge(measured, { maxRatio: 0.2, maxP50: 2 }),
    ...judge({ name: "rss", unmeasured: "no kernel" }, { maxP50: 128 }),
  ];
  expect(describeVerdicts(verdicts)).toEqual([
    "add: ratio 0.25 is above 0.2",
    "rss: p50 not judged: no kernel",
    "limits: 1 kept, 1 broken, 1 not judged",
  ]);
});
