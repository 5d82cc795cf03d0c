import type { CancelSignal } from "./cancel-signal.ts";

/** Ends a timer; harmless once it has fired. */
export type CancelTimer = () => void;

/**
 * The only source of time. Deadlines, cool-downs and ages are measured in `bootMs`; wall time is for people
 * and for what the cloud shows people.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. May jump. */
  wallMs(): number;
  /** Milliseconds since boot (CLOCK_MONOTONIC): never goes back, the same for all processes of one boot. */
  bootMs(): number;
  /** Measures: the returned function gives the milliseconds since this call, with fractions. Decides nothing. */
  startStopwatch(): () => number;
  /** Runs `callback` once, `delayMs` from now (at once if ≤ 0), never inside this call. */
  startTimer(delayMs: number, callback: () => void): CancelTimer;
}

/** Resolves after `delayMs`; rejects with the signal's reason when that is aborted first. */
export function sleep(clock: Clock, delayMs: number, signal?: CancelSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.startTimer(delayMs, () => {
      signal?.removeEventListener("abort", abort);
      resolve();
    });
    signal?.addEventListener("abort", abort, { once: true });
  });
}
