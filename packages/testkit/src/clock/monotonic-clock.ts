import type { Clock } from "@podwire/core";

/** The machine's own clocks, for tests and fakes that talk to real processes and sockets. */
export function monotonicClock(): Clock {
  return {
    wallMs: () => Date.now(),
    bootMs: () => Number(process.hrtime.bigint() / 1_000n) / 1_000,
    startStopwatch: () => {
      const startedMs = performance.now();
      return () => performance.now() - startedMs;
    },
    startTimer: (delayMs, callback) => {
      const timer = setTimeout(callback, Math.max(delayMs, 0));
      return () => clearTimeout(timer);
    },
  };
}
