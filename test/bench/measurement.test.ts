import { describe, expect, test } from "vitest";
import { describeMeasurement, findExcess, type Measurement, percentiles } from "./measurement.ts";

const measured: Measurement = {
  name: "add",
  unit: "ms",
  ours: { p50: 2, p99: 5 },
  peer: { p50: 8, p99: 9 },
  ratio: 0.25,
};

describe("percentiles", () => {
  test("are measured values, in any order of the samples", () => {
    const samples = Array.from({ length: 200 }, (_, index) => ((index * 7) % 200) + 1);
    expect(percentiles(samples)).toEqual({ p50: 100, p99: 198 });
  });

  test("of one sample are that sample, and of none an error", () => {
    expect(percentiles([3])).toEqual({ p50: 3, p99: 3 });
    expect(() => percentiles([])).toThrow(/no samples/);
  });
});

describe("a limit", () => {
  test.each([
    { limit: { maxRatio: 0.25, maxP50: 2 }, excess: [] },
    { limit: { maxRatio: 0.2 }, excess: ["add: ratio 0.25 is above 0.2"] },
    { limit: { maxP50: 1 }, excess: ["add: p50 2.00 ms is above 1"] },
    { limit: {}, excess: [] },
  ])("$limit finds $excess", ({ limit, excess }) => {
    expect(findExcess(measured, limit)).toEqual(excess);
  });

  test("of a ratio is not judged where no peer could be measured", () => {
    const alone: Measurement = { name: "add", unit: "ms", ours: { p50: 2, p99: 5 } };
    expect(findExcess(alone, { maxRatio: 0.1 })).toEqual([]);
  });
});

test("a measurement is one line, with what it was compared with", () => {
  expect(describeMeasurement(measured)).toBe(
    "add: p50 2.00 ms, p99 5.00 ms; peer p50 8.00 ms, p99 9.00 ms; ratio 0.25",
  );
  const noted = { name: "rss", unit: "MiB", ours: { p50: 60, p99: 61 }, note: "no peer" } as const;
  expect(describeMeasurement(noted)).toBe("rss: p50 60.00 MiB, p99 61.00 MiB (no peer)");
});
