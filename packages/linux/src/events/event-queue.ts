import type { HostEvent } from "@podwire/core";

/**
 * Events between the kernel and one slow reader. An event tells where to look, so one that is already waiting is not
 * queued again; when even so too many wait, they become one `overrun`.
 */
export interface EventQueue {
  push(event: HostEvent): void;
  /** Lets the reader finish, whatever still waits. */
  end(): void;
  /** For one reader. */
  read(): AsyncGenerator<HostEvent, void>;
}

const maxWaiting = 1024;

export function createEventQueue(): EventQueue {
  const waiting = new Map<string, HostEvent>();
  let wake = () => {};
  let ended = false;
  async function* read(): AsyncGenerator<HostEvent, void> {
    while (!ended) {
      const [next] = waiting;
      if (next === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      waiting.delete(next[0]);
      yield next[1];
    }
  }
  return {
    push: (event) => {
      if (waiting.size >= maxWaiting) {
        waiting.clear();
        waiting.set("overrun", { kind: "overrun" });
      } else waiting.set(JSON.stringify(event), event);
      wake();
    },
    end: () => {
      ended = true;
      wake();
    },
    read,
  };
}
