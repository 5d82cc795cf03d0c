import { PodwireError } from "@podwire/core";

/** A Ctrl-C that somebody waits for is his; any other, and every SIGTERM or SIGHUP, ends the demo. */
export interface Interrupts {
  readonly signal: AbortSignal;
  /** Resolves at the next Ctrl-C, which then ends nothing else. Rejects when the demo is ended. */
  next(): Promise<void>;
  /** Gives the signals back to the process. */
  close(): void;
}

export function catchInterrupts(): Interrupts {
  const controller = new AbortController();
  const waiting: (() => void)[] = [];
  const end = () => controller.abort(new PodwireError("CANCELLED", "the demo was interrupted"));
  const interrupt = () => {
    const waiter = waiting.shift();
    if (waiter === undefined) end();
    else waiter();
  };
  process.on("SIGINT", interrupt).on("SIGTERM", end).on("SIGHUP", end);
  return {
    signal: controller.signal,
    next: () =>
      new Promise((resolve, reject) => {
        waiting.push(resolve);
        controller.signal.addEventListener("abort", () => reject(controller.signal.reason), { once: true });
      }),
    close: () => void process.off("SIGINT", interrupt).off("SIGTERM", end).off("SIGHUP", end),
  };
}
