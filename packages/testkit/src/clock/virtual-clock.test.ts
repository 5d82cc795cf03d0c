import { sleep } from "@podwire/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { VirtualClock } from "./virtual-clock.ts";

test("time stands still until it is moved", async () => {
  const clock = new VirtualClock({ bootMs: 10, wallMs: 1000 });
  let fired = false;
  clock.startTimer(0, () => {
    fired = true;
  });
  expect([clock.bootMs(), clock.wallMs(), fired]).toEqual([10, 1000, false]);
  await clock.settle();
  expect([clock.bootMs(), fired]).toEqual([10, true]);
  await clock.advance(5);
  expect([clock.bootMs(), clock.wallMs()]).toEqual([15, 1005]);
});

test("timers fire in the order of their time, then of their start, each at its own time", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(50), { maxLength: 20 }),
      fc.array(fc.nat(20), { maxLength: 10 }),
      async (d, steps) => {
        const clock = new VirtualClock({ bootMs: 0 });
        const fired: { readonly delayMs: number; readonly index: number; readonly atMs: number }[] = [];
        d.forEach((delayMs, index) => {
          clock.startTimer(delayMs, () => fired.push({ delayMs, index, atMs: clock.bootMs() }));
        });
        for (const step of steps) await clock.advance(step);
        await clock.runUntilIdle();
        const expected = d.map((delayMs, index) => ({ delayMs, index, atMs: delayMs }));
        expect(fired).toEqual(expected.sort((a, b) => a.delayMs - b.delayMs || a.index - b.index));
      },
    ),
  );
});

test("what a timer starts within the time moved fires too, after the promises it settled", async () => {
  const clock = new VirtualClock({ bootMs: 0 });
  const log: string[] = [];
  const worker = async () => {
    for (let i = 1; i <= 3; i++) {
      await sleep(clock, 10);
      log.push(`${i} at ${clock.bootMs()}`);
    }
  };
  const done = worker();
  await clock.advance(25);
  expect(log).toEqual(["1 at 10", "2 at 20"]);
  expect(clock.bootMs()).toBe(25);
  await clock.runUntilIdle();
  await done;
  expect(clock.bootMs()).toBe(30);
});

test("a cancelled timer does not fire, and cancelling it again is harmless", async () => {
  const clock = new VirtualClock();
  let fired = 0;
  const cancel = clock.startTimer(5, () => fired++);
  clock.startTimer(5, () => fired++);
  cancel();
  cancel();
  expect(clock.pendingTimers).toBe(1);
  await clock.advance(5);
  expect(fired).toBe(1);
});

test("the wall clock can jump while time since boot goes on", async () => {
  const clock = new VirtualClock({ bootMs: 0, wallMs: 0 });
  clock.jumpWall(-31_536_000_000);
  await clock.advance(1);
  expect([clock.bootMs(), clock.wallMs()]).toEqual([1, -31_535_999_999]);
});

test("waiting for what never comes is an error, whether timers are left or not", async () => {
  const clock = new VirtualClock();
  await expect(clock.runUntil(() => false)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  const again = () => clock.startTimer(10, again);
  again();
  await expect(clock.runUntilIdle(1000)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED", details: "1 timers left" });
});
