import type { Clock } from "@podwire/core";
import type { Ec2Model } from "./model.ts";
import type { FakeInterface } from "./world.ts";

export type InterfacesById = ReadonlyMap<string, FakeInterface>;

/** What the interfaces were some time ago, because EC2's describes lag behind its changes. */
export class PastInterfaces {
  readonly #clock: Clock;
  /** The oldest first; each holds until the next. */
  #states: { readonly sinceMs: number; readonly interfaces: InterfacesById }[] = [];

  constructor(clock: Clock, model: Ec2Model) {
    this.#clock = clock;
    this.#states.push({ sinceMs: Number.NEGATIVE_INFINITY, interfaces: byId(model.state().interfaces) });
    model.subscribe((_, { interfaces }) => {
      this.#states.push({ sinceMs: clock.bootMs(), interfaces: byId(interfaces) });
    });
  }

  /** Forgets what was before. */
  asOf(agoMs: number): InterfacesById {
    const atMs = this.#clock.bootMs() - agoMs;
    const index = this.#states.findLastIndex(({ sinceMs }) => sinceMs <= atMs);
    this.#states = this.#states.slice(index);
    return this.#states[0]?.interfaces ?? new Map();
  }
}

function byId(interfaces: readonly FakeInterface[]): InterfacesById {
  return new Map(interfaces.map((own) => [own.networkInterfaceId, own]));
}
