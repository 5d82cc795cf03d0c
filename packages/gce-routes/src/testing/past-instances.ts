import type { Clock } from "@podwire/core";
import type { ComputeModel } from "./model.ts";
import type { FakeInstance } from "./world.ts";

type Instances = ReadonlyMap<string, FakeInstance>;

/** Instances as they were: a read that lags shows them. */
export class PastInstances {
  readonly #clock: Clock;
  readonly #model: ComputeModel;
  #states: readonly { readonly atMs: number; readonly instances: Instances }[] = [];

  constructor(clock: Clock, model: ComputeModel) {
    this.#clock = clock;
    this.#model = model;
    this.record();
  }

  /** After a change. */
  record(): void {
    this.#states = [...this.#states.slice(-99), { atMs: this.#clock.bootMs(), instances: this.#now() }];
  }

  asOf(lagMs: number): Instances {
    if (lagMs === 0) return this.#now();
    const atMs = this.#clock.bootMs() - lagMs;
    return (this.#states.findLast((state) => state.atMs <= atMs) ?? this.#states[0])?.instances ?? this.#now();
  }

  #now(): Instances {
    return new Map(this.#model.world.instances);
  }
}
