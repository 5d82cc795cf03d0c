import { type CancelTimer, type Clock, PodwireError } from "@podwire/core";

export interface VirtualClockOptions {
  /** `bootMs()` at the start; default one hour, so that times before the start can be named. */
  readonly bootMs?: number;
  /** `wallMs()` at the start; default 2026-01-01T00:00:00Z. */
  readonly wallMs?: number;
}

/**
 * A clock that stands still until a test moves it. Timers fire in the order of their time, those of one time in the
 * order they were started; before and after each one every pending promise reaction runs, so one seed gives one run.
 */
export class VirtualClock implements Clock {
  #bootMs: number;
  #wallOffsetMs: number;
  #timers: Timer[] = [];
  #started = 0;

  constructor(options: VirtualClockOptions = {}) {
    this.#bootMs = options.bootMs ?? 3_600_000;
    this.#wallOffsetMs = (options.wallMs ?? 1_767_225_600_000) - this.#bootMs;
  }

  wallMs(): number {
    return this.#bootMs + this.#wallOffsetMs;
  }

  bootMs(): number {
    return this.#bootMs;
  }

  startStopwatch(): () => number {
    const startedMs = this.#bootMs;
    return () => this.#bootMs - startedMs;
  }

  startTimer(delayMs: number, callback: () => void): CancelTimer {
    const timer: Timer = { atMs: this.#bootMs + Math.max(delayMs, 0), order: this.#started++, callback };
    const behind = this.#timers.findIndex((other) => isBefore(timer, other));
    this.#timers.splice(behind < 0 ? this.#timers.length : behind, 0, timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index >= 0) this.#timers.splice(index, 1);
    };
  }

  /** How many timers have neither fired nor been cancelled. */
  get pendingTimers(): number {
    return this.#timers.length;
  }

  /** Sets the wall clock forward or back, as a person or NTP does; time since boot goes on. */
  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** Runs what is due now and everything that follows from it without time passing. */
  settle(): Promise<void> {
    return this.advance(0);
  }

  /** Moves time, stopping at every timer on the way. A timer that throws rejects this call. */
  async advance(byMs: number): Promise<void> {
    const endMs = this.#bootMs + byMs;
    await drainReactions();
    while (await this.#fireNext(endMs));
    this.#bootMs = Math.max(this.#bootMs, endMs);
  }

  /**
   * Jumps from timer to timer until none is left.
   * @throws DEADLINE_EXCEEDED when timers are left after `limitMs`: something restarts itself for ever
   */
  runUntilIdle(limitMs = 86_400_000): Promise<void> {
    return this.runUntil(() => this.#timers.length === 0, limitMs);
  }

  /**
   * Jumps from timer to timer until `condition` holds.
   * @throws DEADLINE_EXCEEDED when it does not within `limitMs`, or when there is nothing left that could make it so
   */
  async runUntil(condition: () => boolean, limitMs = 86_400_000): Promise<void> {
    const endMs = this.#bootMs + limitMs;
    await drainReactions();
    while (!condition()) {
      if (await this.#fireNext(endMs)) continue;
      throw new PodwireError("DEADLINE_EXCEEDED", `the condition did not hold within ${limitMs} ms of virtual time`, {
        details: `${this.#timers.length} timers left`,
      });
    }
  }

  async #fireNext(endMs: number): Promise<boolean> {
    const timer = this.#timers[0];
    if (timer === undefined || timer.atMs > endMs) return false;
    this.#timers.shift();
    this.#bootMs = Math.max(this.#bootMs, timer.atMs);
    timer.callback();
    await drainReactions();
    return true;
  }
}

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/** Node runs every promise reaction, however long the chain, before it comes to the next immediate. */
function drainReactions(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
