import { beforeEach, describe, expect, it } from "vitest";
import { createJournal, formatMs, type Journal } from "./journal.ts";

describe("the journal", () => {
  let lines: string[];
  let nowMs: number;
  let journal: Journal;
  let stop: AbortController;

  beforeEach(() => {
    lines = [];
    nowMs = 0;
    stop = new AbortController();
    journal = createJournal({ write: (line) => void lines.push(line), nowMs: () => nowMs, signal: stop.signal });
  });

  it("announces a step before its work and says afterwards how long it took", async () => {
    const result = await journal.step("Boot", async () => {
      journal.note("two\nlines");
      nowMs += 1_234;
      return 7;
    });
    expect(result).toBe(7);
    expect(lines).toEqual(["\n1. Boot", "    two", "    lines", "   done in 1234 ms"]);
    expect(journal.steps).toEqual([{ title: "Boot", ms: 1_234 }]);
  });

  it("says that a step failed, and lets the failure through", async () => {
    await expect(journal.step("Boot", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(lines.at(-1)).toBe("   FAILED after 0.0 ms");
  });

  it("keeps every check, held or not", () => {
    journal.check("water is wet", true, "");
    journal.check("fire is cold", false, "it burnt");
    expect(lines).toEqual(["   ok   water is wet", "   FAIL fire is cold: it burnt"]);
    expect(journal.checks.map(({ held }) => held)).toEqual([true, false]);
  });

  it("begins no step once the demo is stopped", async () => {
    stop.abort(new Error("stopped"));
    await expect(journal.step("Boot", async () => {})).rejects.toThrow("stopped");
    expect(lines).toEqual([]);
  });
});

it.each([
  [0.25, "0.3 ms"],
  [9.94, "9.9 ms"],
  [42.4, "42 ms"],
  [12_345, "12.3 s"],
])("prints %d ms as %s", (ms, text) => {
  expect(formatMs(ms)).toBe(text);
});
