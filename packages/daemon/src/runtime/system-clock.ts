import type { Clock } from "@podwire/core";

/** Longest delay that Node's timers take; a longer one would fire at once. */
const maxTimerMs = 2 ** 31 - 1;

/** The platform's time. `hrtime` is CLOCK_MONOTONIC, which the CNI clients count by too. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  bootMs: () => Number(process.hrtime.bigint() / 1_000_000n),
  startStopwatch: () => {
    const startedMs = performance.now();
    return () => performance.now() - startedMs;
  },
  startTimer: (delayMs, callback) => {
    let timer = arm(delayMs);
    function arm(leftMs: number): NodeJS.Timeout {
      if (leftMs <= maxTimerMs) return setTimeout(callback, leftMs);
      return setTimeout(() => {
        timer = arm(leftMs - maxTimerMs);
      }, maxTimerMs);
    }
    return () => clearTimeout(timer);
  },
};
