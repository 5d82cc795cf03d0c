/** Ctrl-C and SIGTERM. One that somebody waits for is his; any other ends the demo. */
export interface Interrupts {
  readonly signal: AbortSignal;
  /** Resolves at the next interruption, which then ends nothing else. */
  next(): Promise<void>;
  /** Gives the signals back to the process. */
  close(): void;
}

export function catchInterrupts(): Interrupts {
  const controller = new AbortController();
  const waiting: (() => void)[] = [];
  const interrupt = () => {
    const waiter = waiting.shift();
    if (waiter === undefined) controller.abort();
    else waiter();
  };
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, interrupt);
  return {
    signal: controller.signal,
    next: () => new Promise((resolve) => waiting.push(resolve)),
    close: () => {
      for (const name of ["SIGINT", "SIGTERM"] as const) process.off(name, interrupt);
    },
  };
}
