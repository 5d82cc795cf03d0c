import type { CancelSignal, HostEvent } from "@podwire/core";

/** Events of the double: told to whoever reads at the time, as the kernel does. */
export class MemoryEvents {
  readonly #readers = new Set<(event: HostEvent) => void>();

  push(event: HostEvent): void {
    for (const reader of this.#readers) reader(event);
  }

  /** From the first `next` on, until the signal is aborted or the reader leaves. */
  async *read(signal: CancelSignal): AsyncGenerator<HostEvent, void> {
    const waiting: HostEvent[] = [];
    let wake = () => {};
    const reader = (event: HostEvent) => {
      waiting.push(event);
      wake();
    };
    const abort = () => wake();
    this.#readers.add(reader);
    signal.addEventListener("abort", abort, { once: true });
    try {
      while (!signal.aborted) {
        const event = waiting.shift();
        if (event !== undefined) yield event;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      this.#readers.delete(reader);
      signal.removeEventListener("abort", abort);
    }
  }
}
