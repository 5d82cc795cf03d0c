import {
  type BlockChange,
  type BlockKind,
  type BlockOutcome,
  type BlockRequest,
  type CallOptions,
  type Capabilities,
  type Cidr,
  type Clock,
  type CloudProvider,
  type ClusterScope,
  errorFrom,
  type InterfaceOutcome,
  type InterfaceRef,
  type InterfaceRequest,
  type Limits,
  type NetworkFacts,
  type NodeRef,
  PodwireError,
  type Snapshot,
} from "@podwire/core";
import { type MemoryAction, type MemoryCall, MemoryCalls, type MemoryCallsOptions } from "./memory-calls.ts";
import { MemoryCloud, type MemoryCloudOptions } from "./memory-cloud.ts";
import { kindOfBlock } from "./memory-subnets.ts";

export interface MemoryProviderOptions extends MemoryCloudOptions, MemoryCallsOptions {
  /** Default: single IPv4 addresses by count, and no interfaces. */
  readonly capabilities?: Partial<Capabilities>;
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
  describeLagMs = 0;
  readonly #clock: Clock;
  readonly #calls: MemoryCalls;
  /** What was done for a token: the same token does nothing new. */
  readonly #changed = new Map<string, BlockOutcome>();
  readonly #created = new Map<string, InterfaceOutcome>();

  constructor(options: MemoryProviderOptions, capabilities: Capabilities) {
    this.capabilities = capabilities;
    this.cloud = new MemoryCloud(options.clock, options);
    this.#clock = options.clock;
    this.#calls = new MemoryCalls(options);
  }

  get node(): NodeRef {
    return this.cloud.node;
  }

  get calls(): readonly MemoryCall[] {
    return this.#calls.log;
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
    const startedAtMs = this.#clock.bootMs();
    return this.#read("describe", options, () => {
      this.#mustKnow(node);
      return { startedAtMs, interfaces: this.cloud.interfacesAt(this.#clock.bootMs() - this.describeLagMs) };
    });
  }

  /** One call, or one for each half as on AWS: that is what `oneDocumentPerInterface` says. */
  async changeBlocks(change: BlockChange, options: CallOptions): Promise<BlockOutcome> {
    const { add, remove = [], ...mutation } = change;
    this.#mustSupport(add === undefined ? [] : [add], remove);
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

  async createInterface(request: InterfaceRequest, options: CallOptions): Promise<InterfaceOutcome> {
    if (!this.capabilities.createInterface) throw notSupported("createInterface");
    this.#mustSupport(request.add);
    mustBeOneAFamily(request.add);
    const call = { action: "createInterface", request, caller: this.node.id } as const;
    return this.#calls.send(call, options, (atMost) => {
      this.#mustKnow(request.node);
      const outcome = this.#created.get(request.token) ?? this.#create(request, atMost);
      this.#created.set(request.token, outcome);
      return outcome;
    });
  }

  async deleteInterface(ref: InterfaceRef, options: CallOptions): Promise<void> {
    if (!this.capabilities.createInterface) throw notSupported("deleteInterface");
    const call = { action: "deleteInterface", ref, caller: this.node.id } as const;
    return this.#calls.send(call, options, () => {
      const isHeld = this.cloud.interfaces.some((own) => own.id === ref.id);
      if (!isHeld || (this.node.id === ref.node.id && ref.ifUnattached !== true)) {
        return this.cloud.deleteInterface(ref.id);
      }
      throw new PodwireError("CLOUD_CONFLICT", `${ref.id} is held by ${this.node.id}`);
    });
  }

  async orphans({ networkId }: ClusterScope, options: CallOptions): Promise<readonly InterfaceRef[]> {
    if (!this.capabilities.orphans) throw notSupported("orphans");
    return this.#read("orphans", options, () => {
      const found = networkId === this.node.networkId ? this.cloud.orphans : [];
      return found.map(({ id, nodeId }) => ({ id, node: { cloud: this.node.cloud, id: nodeId } }));
    });
  }

  #send(change: BlockChange, options: CallOptions): Promise<BlockOutcome> {
    const key = [
      change.token,
      change.remove === undefined ? "" : "remove",
      change.add === undefined ? "" : "add",
    ].join();
    return this.#calls.send({ action: "changeBlocks", change, caller: this.node.id }, options, (atMost) => {
      this.#mustKnow(change.node);
      const outcome = this.#changed.get(key) ?? this.#apply(change, atMost);
      this.#changed.set(key, outcome);
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
    return { added, removed, failure: didLess() };
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

  #create(request: InterfaceRequest, atMost: number): InterfaceOutcome {
    const made = this.cloud.createInterface(request, atMost);
    const wanted = request.add.reduce((sum, one) => sum + countOf(one), 0);
    return { interface: made, ...(made.blocks.length < wanted ? { failure: didLess() } : {}) };
  }

  #mustSupport(add: readonly BlockRequest[], remove: readonly Cidr[] = []): void {
    if (add.some((request) => "cidrs" in request) && !this.capabilities.specificAddresses) {
      throw notSupported("adding addresses of the caller's choice");
    }
    const offered = this.cloud.limits.blockKinds ?? this.capabilities.blockKinds;
    for (const kind of kindsOf(add, remove)) {
      const known = offered.some((own) => own.family === kind.family && own.prefixLength === kind.prefixLength);
      if (!known) throw notSupported(`a block of IPv${kind.family} /${kind.prefixLength}`);
    }
  }

  #mustKnow(node: NodeRef): void {
    if (node.id === this.node.id) return;
    throw new PodwireError("CLOUD_NOT_FOUND", `instance ${node.id} does not exist`, { value: node.id });
  }

  #read<T>(action: MemoryAction, options: CallOptions, apply: () => T): Promise<T> {
    return this.#calls.send({ action, caller: this.node.id }, options, apply);
  }
}

function countOf(add: BlockRequest | undefined): number {
  if (add === undefined) return 0;
  return "cidrs" in add ? add.cidrs.length : add.count;
}

function kindsOf(add: readonly BlockRequest[], remove: readonly Cidr[]): readonly BlockKind[] {
  const asked = add.flatMap((request) => ("cidrs" in request ? request.cidrs.map(kindOfBlock) : [request.kind]));
  return [...asked, ...remove.map(kindOfBlock)];
}

function mustBeOneAFamily(add: readonly BlockRequest[]): void {
  const families = add.flatMap((one) => [...new Set(kindsOf([one], []).map(({ family }) => family))]);
  if (new Set(families).size < families.length) throw notSupported("two requests of one family");
}

function didLess(): PodwireError {
  return new PodwireError("CLOUD_CONFLICT", "the cloud did less than it was asked to");
}

function notSupported(what: string): PodwireError {
  return new PodwireError("NOT_SUPPORTED", `the in-memory cloud does not do ${what}`);
}
