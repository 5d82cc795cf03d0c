import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Budget, fullBudget, recover, returnCall, takeCall, throttle } from "./call-budget.ts";

const limits = { burst: 5, ratePerSecond: 2, leastRatePerSecond: 0.25 };

/** Waits of calls that come at these times. */
function waits(timesMs: readonly number[], start: Budget = fullBudget(limits, 0)): number[] {
  let budget = start;
  return timesMs.map((nowMs) => {
    const taken = takeCall(budget, limits, nowMs);
    budget = taken.budget;
    return taken.waitMs;
  });
}

describe("a budget of calls", () => {
  test.each([
    ["lets a burst pass, then one call after another at its rate", [0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 500, 1000]],
    ["fills up again while nobody calls", [0, 0, 0, 0, 0, 2500, 2500, 2500, 2500, 2500], Array(10).fill(0)],
    ["saves no more than one burst", [60_000, 60_000, 60_000, 60_000, 60_000, 60_000], [0, 0, 0, 0, 0, 500]],
    ["is not confused by a clock that stands still", [100, 100, 100, 100, 100, 100], [0, 0, 0, 0, 0, 500]],
  ])("%s", (_name, times, expected) => {
    expect(waits(times)).toEqual(expected);
  });

  test("halves its rate and loses its burst when the cloud throttles, down to a least rate", () => {
    let budget = fullBudget(limits, 0);
    for (const rate of [1, 0.5, 0.25, 0.25]) {
      budget = throttle(budget, limits, { nowMs: 0, retryAfterMs: 0 });
      expect(budget).toMatchObject({ tokens: 0, ratePerSecond: rate });
    }
    expect(waits([0], budget)).toEqual([4000]);
  });

  test("is silent for as long as the cloud named, and forgets nothing of an earlier silence", () => {
    const long = throttle(fullBudget(limits, 0), limits, { nowMs: 0, retryAfterMs: 7000 });
    const again = throttle(long, limits, { nowMs: 1000, retryAfterMs: 2000 });
    expect(waits([1000], again)).toEqual([6000]);
  });

  test("recovers step by step with each call that goes through, up to its rate", () => {
    let budget = throttle(fullBudget(limits, 0), limits, { nowMs: 0, retryAfterMs: 0 });
    const rates = Array.from({ length: 7 }, () => {
      budget = recover(budget, limits, 0);
      return Number(budget.ratePerSecond.toFixed(1));
    });
    expect(rates).toEqual([1.2, 1.4, 1.6, 1.8, 2, 2, 2]);
  });

  test("takes back a call that was not sent", () => {
    const { budget } = takeCall(fullBudget(limits, 0), limits, 0);
    expect(returnCall(budget, limits)).toEqual(fullBudget(limits, 0));
    expect(returnCall(fullBudget(limits, 0), limits)).toEqual(fullBudget(limits, 0));
  });

  test("never lets more pass in any time than the burst and what the rate adds to it", () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 2000 }), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(gaps, (steps) => {
        const times = steps.map((_, index) => steps.slice(0, index + 1).reduce((sum, gap) => sum + gap, 0));
        const sent = waits(times).map((waitMs, index) => (times[index] ?? 0) + waitMs);
        for (const [from, first] of sent.entries()) {
          for (const [to, last] of sent.entries()) {
            if (to < from) continue;
            const most = limits.burst + ((last - first) / 1000) * limits.ratePerSecond;
            expect(to - from + 1).toBeLessThanOrEqual(most + 1e-6);
          }
        }
      }),
    );
  });
});
