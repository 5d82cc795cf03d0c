import PQueue from "p-queue";
import { errorFrom } from "../errors/podwire-error.ts";
import { planPool } from "../pool/plan-pool.ts";
import { surplusOf } from "../pool/plan-release.ts";
import type { PoolAction } from "../pool/pool-action.ts";
import { nextCooledMs, patienceMs } from "../pool/pool-counts.ts";
import { shortageOf } from "../pool/situation.ts";
import type { NodeRef } from "../provider/node-ref.ts";
import type { CancelSignal } from "../runtime/cancel-signal.ts";
import type { CancelTimer } from "../runtime/clock.ts";
import type { CloudContext } from "./cloud-context.ts";
import { type CloudFacts, readCloudFacts } from "./cloud-facts-cache.ts";
import { DemandWindow } from "./demand-window.ts";
import { type StartedAction, startAction } from "./perform-action.ts";
import { dispensableInterfaces, excessKey, type PoolFamily, poolSituation } from "./pool-situation.ts";

/** Cloud calls of one node that change something, at most at a time. */
const callsInFlight = 4;

/** Plans the pools again whenever something changed, and carries the plans out. */
export class PoolLoop {
  readonly #context: CloudContext;
  readonly #signal: CancelSignal;
  readonly #running = new Map<string, Promise<void>>();
  readonly #timers = new Map<string, CancelTimer>();
  readonly #limiter = new PQueue({ concurrency: callsInFlight });
  readonly #demand = new DemandWindow();
  #planned = false;

  /** Nothing new begins once `signal` is aborted. */
  constructor(context: CloudContext, signal: CancelSignal) {
    this.#context = context;
    this.#signal = signal;
  }

  /** Plans soon, once for any number of calls before that. */
  replan(): void {
    if (this.#planned || this.#signal.aborted) return;
    this.#planned = true;
    this.#context.clock.startTimer(0, () => this.#plan());
  }

  /** Tokens of the operations that this process is carrying out. */
  underway(): ReadonlySet<string> {
    return new Set(this.#running.keys());
  }

  /** Resolves when nothing is under way. */
  async drain(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
    for (const cancel of this.#timers.values()) cancel();
  }

  #plan(): void {
    this.#planned = false;
    const { ledger, memory, settings } = this.#context;
    const facts = readCloudFacts(ledger.state);
    // Before this process has compared with the cloud once, nothing is known well enough to change anything.
    if (this.#signal.aborted || facts === undefined || memory.describedMs === undefined) return;
    for (const pool of settings.pools) {
      this.#watchIdle(pool);
      for (const family of settings.families) this.#planOne({ pool, family }, facts);
    }
  }

  #planOne(of: PoolFamily, facts: CloudFacts): void {
    const { clock, memory } = this.#context;
    const nowMs = clock.bootMs();
    const situation = poolSituation(this.#context, of);
    const key = excessKey(of.pool, of.family);
    this.#watchExcess(of, surplusOf(situation), nowMs);
    this.#watchCooling(of, nowMs);
    const gatherMs = this.#demand.observe(key, shortageOf(situation), nowMs);
    if (gatherMs > 0) this.#replanIn(`demand ${key}`, gatherMs);
    if (gatherMs > 0) return;
    const excessSinceMs = memory.excessSinceMs.get(key);
    for (const action of planPool({ ...situation, excessSinceMs }, nowMs)) this.#start(action, of.pool, facts.node);
  }

  #start(action: PoolAction, pool: string, node: NodeRef): void {
    const limit = <T>(call: () => Promise<T>) => this.#limiter.add(call);
    try {
      const started = startAction(this.#context, action, { pool, node, signal: this.#signal, limit });
      this.#follow(started);
      this.#replanIn(`overdue ${started.token}`, patienceMs(action));
    } catch (thrown) {
      const { code, message } = errorFrom(thrown);
      this.#context.log.error("operation not begun", { kind: action.kind, code, message });
    }
  }

  #follow({ token, done }: StartedAction): void {
    const settled = done
      .catch((thrown) => {
        const { code, message } = errorFrom(thrown);
        this.#context.log.error("outcome of an operation not written down", { token, code, message });
      })
      .finally(() => {
        this.#running.delete(token);
        this.#endTimer(`overdue ${token}`);
        // Still `sent`: its outcome could not be written down. Whatever else is left was reported when it ended.
        if (this.#context.ledger.state.operations.get(token)?.state === "sent") this.#context.refresh();
      });
    this.#running.set(token, settled);
  }

  #watchExcess(of: PoolFamily, surplus: number, nowMs: number): void {
    const { memory, settings } = this.#context;
    const key = excessKey(of.pool, of.family);
    if (surplus === 0) {
      memory.excessSinceMs.delete(key);
    } else if (!memory.excessSinceMs.has(key)) {
      memory.excessSinceMs.set(key, nowMs);
      this.#replanIn(`excess ${key}`, settings.targetsOf(of.pool).releaseHoldMs);
    }
  }

  #watchIdle(pool: string): void {
    const { memory, settings, clock, ledger } = this.#context;
    const idle = new Set(dispensableInterfaces(this.#context, pool).map(({ id }) => id));
    for (const id of memory.idleSinceMs.keys()) {
      const owner = ledger.state.interfaces.get(id)?.pool ?? pool;
      if (owner === pool && !idle.has(id)) memory.idleSinceMs.delete(id);
    }
    for (const id of idle) {
      if (memory.idleSinceMs.has(id)) continue;
      memory.idleSinceMs.set(id, clock.bootMs());
      this.#replanIn(`idle ${id}`, settings.targetsOf(pool).releaseHoldMs);
    }
  }

  /** An address that has cooled down may be one too many. */
  #watchCooling(of: PoolFamily, nowMs: number): void {
    const { ledger, settings } = this.#context;
    const cooledMs = nextCooledMs(ledger.state, settings.identityOf(of.pool), { family: of.family, nowMs });
    if (cooledMs !== undefined) this.#replanIn(`cooling ${excessKey(of.pool, of.family)}`, cooledMs - nowMs);
  }

  #endTimer(name: string): void {
    this.#timers.get(name)?.();
    this.#timers.delete(name);
  }

  #replanIn(name: string, delayMs: number): void {
    this.#timers.get(name)?.();
    this.#timers.set(
      name,
      this.#context.clock.startTimer(delayMs, () => this.replan()),
    );
  }
}
