import { type HostEvent, type NodeNetwork, neverCancelled } from "@podwire/core";
import type { LinuxHost } from "@podwire/linux";

const deadlineMs = 10_000;

export interface Upheaval {
  readonly host: LinuxHost;
  readonly desired: NodeNetwork;
  /** What somebody else does to the kernel. */
  happens(): Promise<unknown>;
  /** Asked after each converge. */
  until(seen: readonly HostEvent[]): boolean | Promise<boolean>;
}

/**
 * Does what the daemon does: converges when an event says that something moved, and only then. The events of what
 * happens are read when all of it has happened.
 */
export async function convergeOnEvents({ host, desired, happens, until }: Upheaval): Promise<void> {
  const end = new AbortController();
  const events = host.events(AbortSignal.any([end.signal, AbortSignal.timeout(deadlineMs)]))[Symbol.asyncIterator]();
  const seen: HostEvent[] = [];
  // From this call on the kernel's notifications are kept.
  let next = events.next();
  try {
    await happens();
    for (;;) {
      const event = await next;
      if (event.done === true) throw new Error(`not put right in time; events: ${JSON.stringify(seen)}`);
      seen.push(event.value);
      await host.converge(desired, neverCancelled);
      if (await until(seen)) return;
      next = events.next();
    }
  } finally {
    end.abort();
    await events.return?.();
  }
}
