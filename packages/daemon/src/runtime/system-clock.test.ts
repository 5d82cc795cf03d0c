import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "./system-clock.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const day = 24 * 3_600_000;

test.each([0, -5, 1, 1_000, 60 * day])("a timer of %i ms fires once, then, and not inside the call", (delayMs) => {
  let fired = 0;
  systemClock.startTimer(delayMs, () => {
    fired += 1;
  });
  expect(fired).toBe(0);
  vi.advanceTimersByTime(Math.max(delayMs - 1, 0));
  expect(fired).toBe(delayMs <= 1 ? fired : 0);
  vi.advanceTimersByTime(2);
  expect(fired).toBe(1);
  vi.advanceTimersByTime(200 * day);
  expect(fired).toBe(1);
});

test.each([0, 40])("a timer of 60 days that is cancelled after %i days does not fire", (days) => {
  const cancel = systemClock.startTimer(60 * day, () => expect.unreachable());
  vi.advanceTimersByTime(days * day);
  cancel();
  vi.advanceTimersByTime(100 * day);
  cancel();
});

test("the time since boot is that of the kernel's monotonic clock, in whole milliseconds", () => {
  vi.useRealTimers();
  const beforeNs = process.hrtime.bigint();
  const bootMs = systemClock.bootMs();
  expect(Number.isInteger(bootMs)).toBe(true);
  expect(bootMs).toBeGreaterThanOrEqual(Math.floor(Number(beforeNs / 1_000_000n)));
  expect(bootMs).toBeLessThanOrEqual(Number(process.hrtime.bigint() / 1_000_000n));
});
