import { expect, test } from "vitest";
import { cpuSeconds, cpuSecondsIn, memoryIn, memoryOf } from "./process-usage.ts";

test("CPU time is user and system time, also behind a name with spaces and brackets", () => {
  const fields = ["S", ...Array.from({ length: 10 }, () => "7"), "150", "50", "9", "9"].join(" ");
  expect(cpuSecondsIn(`42 (a) b) ${fields}\n`)).toBe(2);
});

test("memory is in MiB", () => {
  expect(memoryIn("Name:\tnode\nVmRSS:\t   65536 kB\nRssAnon:\t   32768 kB\n")).toEqual({ rssMib: 64, anonMib: 32 });
});

test("of this process both can be read", () => {
  expect(cpuSeconds(process.pid)).toBeGreaterThan(0);
  const { rssMib, anonMib } = memoryOf(process.pid);
  expect(rssMib).toBeGreaterThan(anonMib);
  expect(anonMib).toBeGreaterThan(0);
});
