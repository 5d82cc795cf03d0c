import type { Family } from "../address/address.ts";
import type { CniCall } from "../cni/verbs.ts";
import { PodwireError } from "../errors/podwire-error.ts";
import { type AllocatedAddress, allocate } from "../pool/allocate.ts";
import { nextCooledMs, type PoolIdentity, type Suspects } from "../pool/pool-counts.ts";
import type { CancelTimer, Clock } from "../runtime/clock.ts";
import type { Ledger } from "../store/ledger.ts";
import type { StateChange } from "../store/state-change.ts";

export interface AddressRequest {
  readonly pool: PoolIdentity;
  readonly families: readonly Family[];
  readonly sameInterface: boolean;
  /** What to write down together with the addresses, given which they are. Called once, synchronously. */
  readonly record: (allocated: readonly AllocatedAddress[]) => readonly StateChange[];
}

export interface AddressQueueOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly suspects: () => Suspects;
  /** Somebody began to wait, or took an address: the pool should be planned again. */
  readonly onDemand: () => void;
  /** Why the pool cannot serve now: what a waiter fails with at its deadline. */
  readonly explain: (pool: string) => PodwireError;
}

interface Waiter {
  readonly request: AddressRequest;
  readonly serve: (allocated: readonly AllocatedAddress[]) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Hands out addresses in the order they were asked for. Choosing an address and writing it down are one synchronous
 * step.
 */
export interface AddressQueue {
  /**
   * Resolves as soon as the pool can serve, at once if it can now and nobody of the same pool waits before.
   * @throws the pool's reason (`explain`) at the deadline; CANCELLED when the caller goes away; STORE_FAILED
   */
  acquire(request: AddressRequest, call: CniCall): Promise<readonly AllocatedAddress[]>;
  /** The pool may have become able to serve: a release, growth, a refused release. */
  serve(): void;
  waiters(pool: string): number;
}

export function createAddressQueue(options: AddressQueueOptions): AddressQueue {
  return new FifoAddressQueue(options);
}

class FifoAddressQueue implements AddressQueue {
  readonly #options: AddressQueueOptions;
  readonly #waiting: Waiter[] = [];
  #cancelCooling: CancelTimer | undefined;

  constructor(options: AddressQueueOptions) {
    this.#options = options;
  }

  async acquire(request: AddressRequest, call: CniCall): Promise<readonly AllocatedAddress[]> {
    if (call.signal.aborted) throw cancelled(request.pool.name);
    const allocated = this.waiters(request.pool.name) === 0 ? take(this.#options, request) : undefined;
    if (allocated === undefined) return this.#wait(request, call);
    this.#options.onDemand();
    return allocated;
  }

  serve(): void {
    const blocked = new Set<string>();
    for (const waiter of [...this.#waiting]) {
      const pool = waiter.request.pool.name;
      if (!blocked.has(pool) && !this.#tryServe(waiter)) blocked.add(pool);
    }
    this.#watchCooling();
  }

  waiters(pool: string): number {
    return this.#waiting.filter((waiter) => waiter.request.pool.name === pool).length;
  }

  #wait(request: AddressRequest, call: CniCall): Promise<readonly AllocatedAddress[]> {
    return new Promise((resolve, reject) => {
      const settle =
        <T>(how: (value: T) => void) =>
        (value: T) => {
          this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
          cancelTimer();
          call.signal.removeEventListener("abort", abort);
          this.#watchCooling();
          how(value);
          this.#options.onDemand();
        };
      const waiter: Waiter = { request, serve: settle(resolve), fail: settle(reject) };
      const abort = () => waiter.fail(cancelled(request.pool.name));
      const cancelTimer = this.#startDeadline(waiter, call);
      this.#waiting.push(waiter);
      call.signal.addEventListener("abort", abort, { once: true });
      this.#watchCooling();
      this.#options.onDemand();
    });
  }

  #startDeadline(waiter: Waiter, call: CniCall): CancelTimer {
    const { clock, explain } = this.#options;
    return clock.startTimer(call.deadlineMs - clock.bootMs(), () => {
      // An address may have cooled down in this very millisecond.
      this.serve();
      if (this.#waiting.includes(waiter)) waiter.fail(explain(waiter.request.pool.name));
    });
  }

  #tryServe(waiter: Waiter): boolean {
    try {
      const allocated = take(this.#options, waiter.request);
      if (allocated === undefined) return false;
      waiter.serve(allocated);
    } catch (error) {
      waiter.fail(error);
    }
    return true;
  }

  #watchCooling(): void {
    this.#cancelCooling?.();
    const delayMs = coolingDelayMs(this.#options, this.#waiting);
    const { clock } = this.#options;
    this.#cancelCooling = delayMs === undefined ? undefined : clock.startTimer(delayMs, () => this.serve());
  }
}

function take(options: AddressQueueOptions, request: AddressRequest): readonly AllocatedAddress[] | undefined {
  const { ledger, clock } = options;
  const allocated = allocate(ledger.state, { ...request, suspects: options.suspects() }, clock.bootMs());
  if (allocated !== undefined) ledger.commit(request.record(allocated));
  return allocated;
}

/** Time until the next address of a pool that is waited for has cooled down. */
function coolingDelayMs(options: AddressQueueOptions, waiting: readonly Waiter[]): number | undefined {
  const nowMs = options.clock.bootMs();
  const next = waiting.flatMap(({ request }) =>
    request.families.flatMap((family) => nextCooledMs(options.ledger.state, request.pool, { family, nowMs }) ?? []),
  );
  return next.length === 0 ? undefined : Math.min(...next) - nowMs;
}

function cancelled(pool: string): PodwireError {
  return new PodwireError("CANCELLED", `the caller went away while it waited for an address of pool ${pool}`);
}
