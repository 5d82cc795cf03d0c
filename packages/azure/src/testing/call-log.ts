import type { FakeAction } from "./route-of-request.ts";

/** One call of the API that reached the fake. */
export interface LoggedCall {
  readonly action: FakeAction;
  /** `Clock.bootMs` when it arrived. */
  readonly atMs: number;
  readonly caller: string;
  readonly path: string;
}

/** Every call in the order of arrival, whatever became of it. */
export class CallLog {
  readonly #calls: LoggedCall[] = [];

  get calls(): readonly LoggedCall[] {
    return this.#calls;
  }

  record(call: LoggedCall): void {
    this.#calls.push(call);
  }

  /** How often each action was called, perhaps by one caller. */
  counts(caller?: string): Readonly<Partial<Record<FakeAction, number>>> {
    const counts: Partial<Record<FakeAction, number>> = {};
    for (const call of this.#calls) {
      if (caller !== undefined && call.caller !== caller) continue;
      counts[call.action] = (counts[call.action] ?? 0) + 1;
    }
    return counts;
  }

  clear(): void {
    this.#calls.length = 0;
  }
}
