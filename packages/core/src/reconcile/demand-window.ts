/** Demand has come to an end when none was added for this long. */
const quietMs = 50;
/** But it is served after this long in any case. */
const longestMs = 1_000;

interface Gathering {
  readonly sinceMs: number;
  readonly grewMs: number;
  readonly shortage: number;
}

/**
 * Gathers what a burst asks for before the cloud is asked: pods that start together come within some milliseconds of
 * each other, and a call for each handful of them costs more time, and more of the account's call budget, than one for
 * all. Whoever can be served from the pool is not kept waiting by it.
 */
export class DemandWindow {
  readonly #gatherings = new Map<string, Gathering>();

  /** How long to wait before `shortage` addresses are asked for; 0 = no longer. To be told of every change. */
  observe(key: string, shortage: number, nowMs: number): number {
    const last = this.#gatherings.get(key);
    if (shortage <= 0) {
      this.#gatherings.delete(key);
      return 0;
    }
    const grewMs = last !== undefined && shortage <= last.shortage ? last.grewMs : nowMs;
    const sinceMs = last?.sinceMs ?? nowMs;
    this.#gatherings.set(key, { sinceMs, grewMs, shortage });
    return Math.max(Math.min(grewMs + quietMs, sinceMs + longestMs) - nowMs, 0);
  }
}
