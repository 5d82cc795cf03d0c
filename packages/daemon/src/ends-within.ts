import type { Clock } from "@podwire/core";

/** Whether the promise has settled before the time is over. Rejects when it does, within that time. */
export function endsWithin(clock: Clock, promise: Promise<unknown>, limitMs: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const cancelTimer = clock.startTimer(limitMs, () => resolve(false));
    promise.then(() => resolve(true), reject).finally(cancelTimer);
  });
}
