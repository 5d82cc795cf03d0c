import fc from "fast-check";
import { expect, test } from "vitest";
import { SeededRandom } from "./seeded-random.ts";

test("a seed determines every draw", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (seed) => {
      const draw = (random: SeededRandom) => [
        random.integer(7),
        random.token(),
        random.chance(0.5),
        random.fork().integer(99),
      ];
      expect(draw(new SeededRandom(seed))).toEqual(draw(new SeededRandom(seed)));
    }),
  );
});

test("neighbouring seeds and forks differ", () => {
  const random = new SeededRandom(1);
  const tokens = [random.token(), random.fork().token(), new SeededRandom(2).token(), new SeededRandom(0).token()];
  expect(new Set(tokens).size).toBe(4);
});

test("integers stay below their bound", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, below) => {
      const drawn = new SeededRandom(seed).integer(below);
      expect(Number.isInteger(drawn) && drawn >= 0 && drawn < below).toBe(true);
    }),
  );
});

test("every integer below a small bound comes up about equally often", () => {
  const random = new SeededRandom(42);
  const draws = Array.from({ length: 10_000 }, () => random.integer(5));
  for (let value = 0; value < 5; value++) {
    expect(Math.abs(draws.filter((drawn) => drawn === value).length - 2000)).toBeLessThan(200);
  }
});

test("an impossible bound is refused", () => {
  for (const below of [0, -1, 1.5, Number.NaN, 2 ** 33]) {
    expect(() => new SeededRandom(1).integer(below)).toThrow(/outside/);
  }
});

test("tokens have the form of the port and do not repeat", () => {
  const random = new SeededRandom(3);
  const tokens = Array.from({ length: 1000 }, () => random.token());
  expect(tokens.every((token) => /^[0-9a-f]{32}$/.test(token))).toBe(true);
  expect(new Set(tokens).size).toBe(1000);
});
