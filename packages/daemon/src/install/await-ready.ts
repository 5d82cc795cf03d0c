import { type CancelSignal, type Clock, type Logger, PodwireError, sleep } from "@podwire/core";

export interface ReadyOptions {
  /** Why no ADD can be served, or undefined. */
  readonly ask: (signal: CancelSignal) => Promise<string | undefined>;
  readonly waitMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: CancelSignal;
}

const pauseMs = 1_000;

/**
 * Resolves once an ADD can be served. Asks at least once; logs a reason when it is a new one.
 * @throws NOT_READY with the last reason, CANCELLED
 */
export async function awaitReady({ ask, waitMs, clock, log, signal }: ReadyOptions): Promise<void> {
  const endMs = clock.bootMs() + waitMs;
  let told: string | undefined;
  while (!signal.aborted) {
    const reason = await ask(signal);
    if (reason === undefined) return;
    if (reason !== told) log.info("podwired is not ready", { reason });
    told = reason;
    if (clock.bootMs() + pauseMs > endMs) throw notReady(waitMs, reason);
    await sleep(clock, pauseMs, signal).catch(() => {});
  }
  throw new PodwireError("CANCELLED", "the installation was interrupted");
}

function notReady(waitMs: number, reason: string): PodwireError {
  const message = `podwired could serve no ADD within ${waitMs / 1000} s, so no network configuration was written`;
  return new PodwireError("NOT_READY", message, { details: reason });
}
