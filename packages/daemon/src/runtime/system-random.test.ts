import { expect, test } from "vitest";
import { systemRandom } from "./system-random.ts";

test("integers are below the bound, and every one of them comes", () => {
  const seen = new Set(Array.from({ length: 500 }, () => systemRandom.integer(4)));
  expect([...seen].sort()).toEqual([0, 1, 2, 3]);
  expect(systemRandom.integer(1)).toBe(0);
});

test("tokens are 32 hexadecimal digits and differ", () => {
  const tokens = Array.from({ length: 100 }, () => systemRandom.token());
  expect(new Set(tokens).size).toBe(100);
  for (const token of tokens) expect(token).toMatch(/^[0-9a-f]{32}$/);
});
