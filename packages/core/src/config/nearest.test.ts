import fc from "fast-check";
import { expect, test } from "vitest";
import { editDistance, nearest } from "./nearest.ts";

test.each([
  ["", "", 0],
  ["", "abc", 3],
  ["kitten", "sitting", 3],
  ["warm", "wamr", 2],
  ["level", "lvl", 2],
])("from %s to %s it takes %i mistakes", (a, b, mistakes) => {
  expect(editDistance(a, b)).toBe(mistakes);
});

test("the distance is a metric", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 6 });
  fc.assert(
    fc.property(text, text, text, (a, b, c) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, b) === 0).toBe(a === b);
      expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
    }),
  );
});

test.each([
  ["lvl", "level"],
  ["LEVEL", "level"],
  ["cooldown", undefined],
  ["x", undefined],
  ["", undefined],
])("of level and nat, %j is meant as %s", (text, meant) => {
  expect(nearest(text, ["nat", "level"])).toBe(meant);
});
