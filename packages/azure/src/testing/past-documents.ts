import type { Clock } from "@podwire/core";
import type { NetworkInterface, RouteTable } from "../api.ts";
import { idKey } from "../resource-id.ts";
import type { ArmModel } from "./model.ts";

type Document = NetworkInterface | RouteTable;

interface Past {
  /** Until when it stood like this. */
  readonly untilMs: number;
  readonly document: Document;
}

/** Documents as they were a while ago: what a read shows that lags. */
export class PastDocuments {
  readonly #clock: Clock;
  readonly #model: ArmModel;
  readonly #lagMs: number;
  readonly #past = new Map<string, Past[]>();

  constructor(clock: Clock, model: ArmModel, lagMs: number) {
    this.#clock = clock;
    this.#model = model;
    this.#lagMs = lagMs;
    if (lagMs > 0) model.subscribe((id) => this.#keep(id));
  }

  asShown(id: string): Document | undefined {
    const sinceMs = this.#clock.bootMs() - this.#lagMs;
    const old = this.#past.get(idKey(id))?.find(({ untilMs }) => untilMs > sinceMs);
    return old?.document ?? this.#current(id);
  }

  #keep(id: string): void {
    const document = this.#current(id);
    if (document === undefined) return;
    const kept = this.#past.get(idKey(id)) ?? [];
    this.#past.set(idKey(id), [...kept, { untilMs: this.#clock.bootMs(), document }]);
  }

  #current(id: string): Document | undefined {
    const { interfaces, routeTables } = this.#model.world;
    return interfaces.get(idKey(id)) ?? routeTables.get(idKey(id));
  }
}
