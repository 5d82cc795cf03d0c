import { describe, expect, test } from "vitest";
import { describeRow, type Measurement, measurementOf, percentiles } from "./measurement.ts";

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

describe("a measurement", () => {
  test("has the ratio of the medians where there is a peer", () => {
    const made = measurementOf("add", { unit: "ms", ours: [3, 1, 2], peer: [9, 8, 7], note: "n" });
    expect(made).toEqual({
      name: "add",
      unit: "ms",
      ours: { p50: 2, p99: 3 },
      peer: { p50: 8, p99: 9 },
      ratio: 0.25,
      note: "n",
    });
  });

  test("has neither peer nor ratio without one", () => {
    const made = measurementOf("rss", { unit: "MiB", ours: [60], note: "n" });
    expect(made).toEqual({ name: "rss", unit: "MiB", ours: { p50: 60, p99: 60 }, note: "n" });
  });
});

describe("a row is one line", () => {
  const peer = { peer: { p50: 8, p99: 9 }, ratio: 0.25 };
  const rss: Measurement = { name: "rss", unit: "MiB", ours: { p50: 60, p99: 61 }, note: "no peer" };
  test.each([
    {
      what: "with what it was compared with",
      row: { name: "add", unit: "ms", ours: { p50: 2, p99: 5 }, ...peer } as const,
      line: "add: p50 2.00 ms, p99 5.00 ms; peer p50 8.00 ms, p99 9.00 ms; ratio 0.25",
    },
    { what: "with its note", row: rss, line: "rss: p50 60.00 MiB, p99 61.00 MiB (no peer)" },
    {
      what: "also when it could not be measured",
      row: { name: "add", unmeasured: "no kernel" },
      line: "add: not measured: no kernel",
    },
  ])("$what", ({ row, line }) => {
    expect(describeRow(row)).toBe(line);
  });
});
