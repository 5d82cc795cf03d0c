import type { Clock } from "@podwire/core";
import type { Ec2Model } from "./model.ts";
import type { FakeInterface } from "./world.ts";

export type InterfacesById = ReadonlyMap<string, FakeInterface>;

interface PastState {
  readonly sinceMs: number;
  readonly interfaces: InterfacesById;
}

/** What the interfaces were some time ago, because EC2's describes and the metadata lag behind its changes. */
export class PastInterfaces {
  readonly #clock: Clock;
  /** The oldest first; each holds until the next. */
  #states: readonly PastState[];

  /** @param keepMs how far back anybody looks */
  constructor(clock: Clock, model: Ec2Model, keepMs: number) {
    this.#clock = clock;
    this.#states = [{ sinceMs: Number.NEGATIVE_INFINITY, interfaces: byId(model.state().interfaces) }];
    model.subscribe((_, { interfaces }) => {
      const kept = this.#states.slice(this.#indexAt(keepMs));
      this.#states = [...kept, { sinceMs: clock.bootMs(), interfaces: byId(interfaces) }];
    });
  }

  /** @param agoMs at most `keepMs` */
  asOf(agoMs: number): InterfacesById {
    return this.#states[this.#indexAt(agoMs)]?.interfaces ?? new Map();
  }

  #indexAt(agoMs: number): number {
    const atMs = this.#clock.bootMs() - agoMs;
    return this.#states.findLastIndex(({ sinceMs }) => sinceMs <= atMs);
  }
}

function byId(interfaces: readonly FakeInterface[]): InterfacesById {
  return new Map(interfaces.map((own) => [own.networkInterfaceId, own]));
}
