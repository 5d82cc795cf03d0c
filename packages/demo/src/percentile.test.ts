import { expect, test } from "vitest";
import { percentile } from "./percentile.ts";

const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

test.each([
  { values: [], rank: 50, expected: undefined },
  { values: [7], rank: 0, expected: 7 },
  { values: [7], rank: 99, expected: 7 },
  { values: [3, 1, 2], rank: 50, expected: 2 },
  { values: [4, 3, 2, 1], rank: 50, expected: 2 },
  { values: [3, 1, 2], rank: 99, expected: 3 },
  { values: hundred, rank: 50, expected: 50 },
  { values: hundred, rank: 99, expected: 99 },
  { values: hundred, rank: 100, expected: 100 },
])("p$rank of $values.length values is $expected", ({ values, rank, expected }) => {
  expect(percentile(values, rank)).toBe(expected);
});
