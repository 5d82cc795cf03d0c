import { join } from "node:path";
import { expect, test } from "vitest";
import type { Sabotage } from "./sabotage.ts";
import { problemsOfSet, readSabotages } from "./sabotage-set.ts";

const some = (number: number, more: Partial<Sabotage> = {}): Sabotage => ({
  name: `${String(number).padStart(2, "0")}-x`,
  invariant: number,
  breaks: "x",
  tests: ["a.test.ts"],
  suite: "unit",
  ...more,
});
const twelve = Array.from({ length: 12 }, (_, index) => some(index + 1));

test("the sabotages of the repository can be tried, and break every invariant", () => {
  expect(readSabotages(join(import.meta.dirname, "../..")).length).toBeGreaterThanOrEqual(20);
});

test("a set that breaks every invariant is whole", () => {
  expect(problemsOfSet(twelve, () => true)).toEqual([]);
});

test.each([
  ["an invariant that nothing breaks", twelve.slice(1), "no sabotage breaks invariant 1"],
  ["a number given twice", [...twelve, some(3)], "the number 03 is given twice"],
  [
    "a test that is not there",
    [...twelve, some(13, { invariant: 1, tests: ["b.test.ts"] })],
    "13-x: there is no b.test.ts",
  ],
])("%s is a problem", (_, sabotages, problem) => {
  expect(problemsOfSet(sabotages, (path) => path === "a.test.ts")).toEqual([problem]);
});
