import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@podwire/core";
import { VirtualClock } from "@podwire/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { watchSpool } from "./spool-watch.ts";

let directory: string;
let clock: VirtualClock;
let endWatch: () => void;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "podwire-watch-"));
  clock = new VirtualClock();
});
afterEach(() => {
  endWatch();
  rmSync(directory, { recursive: true, force: true });
});

/** A spool that says how many entries stay, and lets a test wait for its replays. */
function countingSpool(stays: readonly number[]) {
  let replays = 0;
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  return {
    replay: async () => {
      const stayed = stays[replays++] ?? 0;
      for (const { count, resolve } of waiting) if (replays >= count) resolve();
      return stayed;
    },
    reached: (count: number) => new Promise<void>((resolve) => waiting.push({ count, resolve })),
    get replays() {
      return replays;
    },
  };
}

test("what is there when the watch begins is replayed, and tried again when it stays", async () => {
  const spool = countingSpool([1, 0]);
  endWatch = watchSpool(spool, { directory, clock, log: silentLogger });
  await clock.advance(29_999);
  expect(spool.replays).toBe(1);
  await clock.advance(1);
  expect(spool.replays).toBe(2);
});

test("a new entry is replayed", async () => {
  const spool = countingSpool([]);
  endWatch = watchSpool(spool, { directory, clock, log: silentLogger });
  await clock.settle();
  const replayed = spool.reached(2);
  writeFileSync(join(directory, "1"), "");
  await replayed;
});

test("while entries stay they are tried again after 30 s, then no more", async () => {
  const spool = countingSpool(Array.from({ length: 50 }, (_, i) => (i < 49 ? 1 : 0)));
  endWatch = watchSpool(spool, { directory, clock, log: silentLogger });
  await clock.runUntilIdle();
  expect(spool.replays).toBeGreaterThanOrEqual(50);
  expect(clock.pendingTimers).toBe(0);
});

test("a directory that cannot be watched is looked at every 30 s", async () => {
  const spool = countingSpool([]);
  const warnings: string[] = [];
  const log = { ...silentLogger, warn: (event: string) => void warnings.push(event) };
  endWatch = watchSpool(spool, { directory: join(directory, "absent"), clock, log });
  await clock.settle();
  expect([spool.replays, warnings]).toEqual([1, ["spool not watched, looking at it from time to time"]]);
  await clock.advance(90_000);
  expect(spool.replays).toBe(4);
  endWatch();
  await clock.advance(90_000);
  expect(spool.replays).toBe(4);
});
