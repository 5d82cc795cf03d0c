import {
  type BlockChange,
  type BlockOutcome,
  type BlockRequest,
  type CallOptions,
  type Capabilities,
  type Cidr,
  type Clock,
  type CloudProvider,
  cidrFamily,
  type ErrorCode,
  errorCodes,
  errorFrom,
  type Limits,
  type NetworkFacts,
  type NodeRef,
  PodwireError,
  prefixLength,
  type Snapshot,
} from "@podwire/core";
import { FaultPlan } from "../fault/fault-plan.ts";
import { callWithFaults, type FaultyOutcome } from "../fault/faulty-call.ts";
import { MemoryCloud, type MemoryCloudOptions } from "./memory-cloud.ts";

export interface MemoryProviderOptions extends MemoryCloudOptions {
  readonly clock: Clock;
  readonly capabilities?: Partial<Capabilities>;
  /** Actions are `limits`, `network`, `describe`, `changeBlocks`; codes are podwire's own. */
  readonly faults?: FaultPlan;
  /** How long a call takes; half of it before the cloud acts, half after. Default 0. */
  readonly latencyMs?: (action: MemoryAction) => number;
}

export type MemoryAction = "limits" | "network" | "describe" | "changeBlocks";

export interface MemoryCall {
  readonly action: MemoryAction;
  readonly startedMs: number;
  /** Only of `changeBlocks`. */
  readonly change?: BlockChange;
}

/** A cloud in memory behind the provider port, to the letter of the port. */
export interface MemoryProvider extends CloudProvider {
  readonly node: NodeRef;
  /** What the cloud holds, and the back door to change it behind podwire's back. */
  readonly cloud: MemoryCloud;
  /** Every call, in the order of arrival. */
  readonly calls: readonly MemoryCall[];
  /** `describe` shows the cloud as it was this long ago. 0 at first. */
  describeLagMs: number;
}

export function createMemoryProvider(options: MemoryProviderOptions): MemoryProvider {
  const capabilities: Capabilities = {
    blockKinds: [{ family: 4, prefixLength: 32 }],
    specificAddresses: false,
    createInterface: false,
    orphans: false,
    oneDocumentPerInterface: false,
    ...options.capabilities,
  };
  return new InMemoryProvider(options, capabilities);
}

class InMemoryProvider implements MemoryProvider {
  readonly capabilities: Capabilities;
  readonly cloud: MemoryCloud;
  readonly calls: MemoryCall[] = [];
  describeLagMs = 0;
  readonly #options: MemoryProviderOptions;
  readonly #faults: FaultPlan;
  readonly #done = new Map<string, BlockOutcome>();

  constructor(options: MemoryProviderOptions, capabilities: Capabilities) {
    this.capabilities = capabilities;
    this.cloud = new MemoryCloud(options.clock, options);
    this.#options = options;
    this.#faults = options.faults ?? new FaultPlan();
  }

  get node(): NodeRef {
    return this.cloud.node;
  }

  limits(node: NodeRef, options: CallOptions): Promise<Limits> {
    return this.#read("limits", options, () => {
      this.#mustKnow(node);
      return this.cloud.limits;
    });
  }

  network(node: NodeRef, options: CallOptions): Promise<NetworkFacts> {
    return this.#read("network", options, () => {
      this.#mustKnow(node);
      return this.cloud.network();
    });
  }

  describe(node: NodeRef, options: CallOptions): Promise<Snapshot> {
    const startedAtMs = this.#options.clock.bootMs();
    return this.#read("describe", options, () => {
      this.#mustKnow(node);
      return { startedAtMs, interfaces: this.cloud.interfacesAt(this.#options.clock.bootMs() - this.describeLagMs) };
    });
  }

  /** One call, or one for each half as on AWS: that is what `oneDocumentPerInterface` says. */
  async changeBlocks(change: BlockChange, options: CallOptions): Promise<BlockOutcome> {
    this.#mustSupport(change);
    const { add, remove = [], ...mutation } = change;
    if (this.capabilities.oneDocumentPerInterface || add === undefined || remove.length === 0) {
      return this.#send(change, options);
    }
    const { removed } = await this.#send({ ...mutation, remove }, options);
    try {
      const { added, failure } = await this.#send({ ...mutation, add }, options);
      return failure === undefined ? { added, removed } : { added, removed, failure };
    } catch (thrown) {
      return { added: [], removed, failure: errorFrom(thrown) };
    }
  }

  createInterface(): Promise<never> {
    return Promise.reject(notSupported("createInterface"));
  }

  deleteInterface(): Promise<never> {
    return Promise.reject(notSupported("deleteInterface"));
  }

  orphans(): Promise<never> {
    return Promise.reject(notSupported("orphans"));
  }

  /** The cloud remembers what it did for a token, so the same token does nothing new. */
  #send(change: BlockChange, options: CallOptions): Promise<BlockOutcome> {
    const call: MemoryCall = { action: "changeBlocks", startedMs: this.#options.clock.bootMs(), change };
    const key = [
      change.token,
      change.remove === undefined ? "" : "remove",
      change.add === undefined ? "" : "add",
    ].join();
    return this.#call(call, options, (atMost) => {
      this.#mustKnow(change.node);
      const outcome = this.#done.get(key) ?? this.#apply(change, atMost);
      this.#done.set(key, outcome);
      return outcome;
    });
  }

  #apply(change: BlockChange, atMost: number): BlockOutcome {
    const wantedGone = change.remove ?? [];
    const removed = this.cloud.remove(change.interfaceId, wantedGone.slice(0, atMost));
    const added: Cidr[] = [];
    try {
      this.#add(change, atMost, added);
    } catch (thrown) {
      if (!(thrown instanceof PodwireError) || (removed.length === 0 && added.length === 0)) throw thrown;
      return { added, removed, failure: thrown };
    }
    if (added.length + removed.length === countOf(change.add) + wantedGone.length) return { added, removed };
    return { added, removed, failure: new PodwireError("CLOUD_CONFLICT", "the cloud did less than it was asked to") };
  }

  #add(change: BlockChange, atMost: number, added: Cidr[]): void {
    if (change.add === undefined) return;
    if ("cidrs" in change.add) {
      for (const cidr of change.add.cidrs.slice(0, atMost)) added.push(this.cloud.addBlock(change.interfaceId, cidr));
      return;
    }
    const count = Math.min(change.add.count, atMost);
    for (let i = 0; i < count; i++) added.push(this.cloud.addAny(change.interfaceId, change.add.kind));
  }

  #mustSupport(change: BlockChange): void {
    if (change.add !== undefined && "cidrs" in change.add && !this.capabilities.specificAddresses) {
      throw notSupported("adding addresses of the caller's choice");
    }
    for (const kind of kindsOf(change.add, change.remove ?? [])) {
      const known = this.capabilities.blockKinds.some(
        (own) => own.family === kind.family && own.prefixLength === kind.prefixLength,
      );
      if (!known) throw notSupported(`a block of IPv${kind.family} /${kind.prefixLength}`);
    }
  }

  #mustKnow(node: NodeRef): void {
    if (node.id === this.node.id) return;
    throw new PodwireError("CLOUD_NOT_FOUND", `instance ${node.id} does not exist`, { value: node.id });
  }

  #read<T>(action: MemoryAction, options: CallOptions, apply: () => T): Promise<T> {
    return this.#call({ action, startedMs: this.#options.clock.bootMs() }, options, apply);
  }

  async #call<T>(call: MemoryCall, { signal }: CallOptions, apply: (atMost: number) => T): Promise<T> {
    if (signal.aborted) throw new PodwireError("CANCELLED", `${call.action} was cancelled before it was sent`);
    this.calls.push(call);
    const injection = this.#faults.consult({ action: call.action, caller: this.node.id, parameters: call.change });
    const halfMs = (this.#options.latencyMs?.(call.action) ?? 0) / 2;
    const delays = {
      delayBeforeMs: injection.delayBeforeMs + halfMs,
      delayAfterMs: injection.delayAfterMs + halfMs,
    };
    const onItsWay = callWithFaults(this.#options.clock, { ...injection, ...delays }, apply);
    const isRead = call.change === undefined;
    const abortCode = isRead ? "CANCELLED" : "CLOUD_OUTCOME_UNKNOWN";
    const aborted = () => new PodwireError(abortCode, `${call.action} was aborted on its way`);
    const outcome = await unlessAborted(onItsWay, signal, aborted);
    return answerOf(call.action, outcome, isRead ? "CLOUD_UNREACHABLE" : "CLOUD_OUTCOME_UNKNOWN");
  }
}

function answerOf<T>(action: string, outcome: FaultyOutcome<T>, lost: ErrorCode): T {
  if (outcome.kind === "answered") return outcome.answer;
  if (outcome.kind === "lost") {
    throw new PodwireError(lost, `the answer to ${action} was lost`, { details: `${action}: ${outcome.how}` });
  }
  const { code, message, retryAfterMs } = outcome.fail;
  if (!(code in errorCodes)) throw new PodwireError("INTERNAL", `a fault rule names the unknown code ${code}`);
  throw new PodwireError(code as ErrorCode, message ?? `${action} was refused by the fault plan`, {
    details: action,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** Hanging up does not stop what is on its way: it only stops waiting. */
function unlessAborted<T>(work: Promise<T>, signal: CallOptions["signal"], error: () => PodwireError): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(error());
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function countOf(add: BlockRequest | undefined): number {
  if (add === undefined) return 0;
  return "cidrs" in add ? add.cidrs.length : add.count;
}

function kindsOf(add: BlockRequest | undefined, remove: readonly Cidr[]) {
  const asked = add === undefined ? [] : "cidrs" in add ? add.cidrs.map(kindOf) : [add.kind];
  return [...asked, ...remove.map(kindOf)];
}

function kindOf(cidr: Cidr) {
  return { family: cidrFamily(cidr), prefixLength: prefixLength(cidr) };
}

function notSupported(what: string): PodwireError {
  return new PodwireError("NOT_SUPPORTED", `the in-memory cloud does not do ${what}`);
}
