import { type LogFields, neverCancelled, silentLogger } from "@podwire/core";
import { VirtualClock } from "@podwire/testkit";
import { beforeEach, expect, test } from "vitest";
import { awaitReady, type ReadyOptions } from "./await-ready.ts";

let clock: VirtualClock;
let told: (LogFields | undefined)[];
beforeEach(() => {
  clock = new VirtualClock();
  told = [];
});

/** Answers in turn, the last one for ever. */
function start(answers: readonly (string | undefined)[], options: Partial<ReadyOptions> = {}): Promise<void> {
  const left = [...answers];
  const waiting = awaitReady({
    ask: async () => (left.length > 1 ? left.shift() : left[0]),
    waitMs: 10_000,
    clock,
    log: { ...silentLogger, info: (_event, fields) => void told.push(fields) },
    signal: neverCancelled,
    ...options,
  });
  // It is looked at after the clock was moved.
  waiting.catch(() => {});
  return waiting;
}

test("it ends at the first success, and says each reason once", async () => {
  const startMs = clock.bootMs();
  const waiting = start(["starting", "starting", "growing", undefined]);
  await clock.runUntilIdle();
  await waiting;
  expect(clock.bootMs() - startMs).toBe(3_000);
  expect(told).toEqual([{ reason: "starting" }, { reason: "growing" }]);
});

test.each([
  { waitMs: 10_000, message: "within 10 s" },
  { waitMs: 0, message: "within 0 s" },
])("after $waitMs ms it fails with the last reason", async ({ waitMs, message }) => {
  const startMs = clock.bootMs();
  const waiting = start(["no address"], { waitMs });
  await clock.runUntilIdle();
  await expect(waiting).rejects.toMatchObject({
    code: "NOT_READY",
    message: expect.stringContaining(message),
    details: "no address",
  });
  expect(clock.bootMs() - startMs).toBe(waitMs);
});

test("an interruption ends it at once, and leaves no timer", async () => {
  const stop = new AbortController();
  const waiting = start(["no address"], { signal: stop.signal });
  await clock.settle();
  stop.abort();
  await expect(waiting).rejects.toMatchObject({ code: "CANCELLED" });
  expect(clock.pendingTimers).toBe(0);
});

test("a client that cannot be run ends it at once", async () => {
  const ask = () => Promise.reject(new Error("no such file"));
  await expect(start([], { ask })).rejects.toThrow("no such file");
});
