import {
  type Address,
  type AttachmentKey,
  addressesHeldBy,
  addressesOf,
  addressStateAt,
  allocate,
  applyChange,
  type BlockOutcome,
  type Cidr,
  type CloudInterface,
  claimAddresses,
  countPool,
  createNodeState,
  formatAttachmentKey,
  hostCidr,
  type MutableNodeState,
  type OperationRecord,
  outcomeChanges,
  type PoolAction,
  type PoolSituation,
  type PoolTargets,
  parseAddress,
  parseMac,
  plannedOperation,
  planObservation,
  planPool,
  releaseAddresses,
  reopenBlocks,
  type Snapshot,
  type StateChange,
  surplusOf,
  unknownOutcomeChanges,
} from "@podwire/core";
import { checkTransitions } from "./transitions.ts";

const pool = { name: "default", cooldownMs: 30_000 };
const slots = 12;
const interfaceIds = ["eni-a", "eni-b"] as const;

/** How a call to the cloud ends. */
export type Ending = "answered" | "answer lost" | "refused" | "half done" | "crash before" | "crash after";

/**
 * The pool's pure functions with a pretend disk, cloud and kernel around them, all of which a test can break. Every
 * method is one step a real node could take; `violations` collects what must never be seen.
 */
export class PoolWorld {
  readonly violations: string[] = [];
  readonly targets: PoolTargets;
  nowMs = 1_000_000;
  state: MutableNodeState = createNodeState();
  /** What the cloud holds: block → interface. */
  readonly cloud = new Map<Cidr, string>();
  /** What the kernel routes to pods: key → addresses. */
  readonly kernel = new Map<string, readonly Address[]>();
  #suspects: ReadonlyMap<Cidr, number> = new Map();
  readonly #confirmed = new Set<Cidr>();
  readonly #mutationEndsMs = new Map<string, number>();
  #excessSinceMs: number | undefined;
  #views: Snapshot[] = [];
  #look: Snapshot | undefined;
  /** Calls whose answer has not come yet; in each, the cloud has not acted yet either. */
  #calls: { readonly operation: OperationRecord; readonly ending: Ending }[] = [];
  /** The oracle's own memory, independent of the state: when an address was freed, how often a block was missed. */
  readonly #freedMs = new Map<Address, number>();
  readonly #missed = new Map<Cidr, number>();
  readonly #stolen = new Set<Cidr>();
  #tokens = 0;
  #addresses = 0;

  constructor(targets: PoolTargets) {
    this.targets = targets;
    this.look(0);
    this.see();
  }

  commit(changes: readonly StateChange[]): void {
    this.violations.push(...checkTransitions(this.state, changes, { cooldownMs: pool.cooldownMs, nowMs: this.nowMs }));
    for (const change of changes) applyChange(this.state, change);
  }

  situation(): PoolSituation {
    const inFlight = new Set([...this.state.operations.values()].map((operation) => operation.interfaceId));
    const held = (id: string) => [...this.state.blocks.values()].filter((block) => block.interfaceId === id).length;
    return {
      family: 4,
      targets: this.targets,
      counts: countPool(this.state, pool, { family: 4, nowMs: this.nowMs, suspects: this.#suspects }),
      waiters: 0,
      excessSinceMs: this.#excessSinceMs,
      blockKinds: [{ family: 4, prefixLength: 32 }],
      interfaces: [...this.state.interfaces.values()].map(({ id, ordinal, subnetId }) => ({
        id,
        ordinal,
        subnetId,
        busySinceMs: inFlight.has(id) ? 0 : undefined,
        growthRests: false,
        releaseRests: false,
        freeSlots: slots - held(id),
        idleSinceMs: undefined,
        blocks: [],
      })),
      coming: [],
      newInterfaces: 0,
      slotsPerNewInterface: slots,
      subnets: [],
    };
  }

  /** ADD up to the answer, or up to a crash before or after the kernel was touched. */
  add(key: AttachmentKey, crash: "none" | "before kernel" | "after kernel"): void {
    const name = formatAttachmentKey(key);
    if (this.state.attachments.has(name)) return;
    const request = { pool, families: [4] as const, sameInterface: false, suspects: this.#suspects };
    const allocated = allocate(this.state, request, this.nowMs);
    if (allocated === undefined) return;
    for (const { address, block } of allocated) {
      this.#mustHaveCooled(address, `was given to ${name}`);
      const exists = this.cloud.has(block) || this.#stolen.has(block);
      if (!exists) this.violations.push(`${address} was given to ${name} though we gave it back`);
    }
    this.commit([allocatingRecord(key, this.nowMs), ...claimAddresses(this.state, allocated, key)]);
    const addresses = allocated.map(({ address }) => address);
    if (crash !== "before kernel") this.kernel.set(name, addresses);
    if (crash !== "none") this.restart();
    const record = this.state.attachments.get(name);
    if (record !== undefined) this.commit([{ put: "attachment", record: { ...record, state: "ready" } }]);
  }

  del(key: AttachmentKey): void {
    this.kernel.delete(formatAttachmentKey(key));
    if (!this.state.attachments.has(formatAttachmentKey(key))) return;
    for (const { address } of addressesHeldBy(this.state, key)) this.#freedMs.set(address, this.nowMs);
    this.commit([...releaseAddresses(this.state, key, this.nowMs), { delete: "attachment", key }]);
  }

  /** Plans once and carries every action out, each ending as told. */
  maintain(ending: Ending): void {
    const surplus = surplusOf(this.situation());
    this.#excessSinceMs = surplus === 0 ? undefined : (this.#excessSinceMs ?? this.nowMs);
    for (const action of planPool(this.situation(), this.nowMs)) this.#act(action, ending);
  }

  /** The cloud is asked; the answer will be `lag` views old. */
  look(lag: number): void {
    this.#views = [this.#view(), ...this.#views].slice(0, 3);
    const late = this.#views[lag];
    // Half a minute is more than any cloud lags; tombstones stand for a minute.
    const view = late !== undefined && this.nowMs - late.startedAtMs < 30_000 ? late : this.#view();
    this.#look = { ...view, startedAtMs: this.nowMs };
    this.nowMs += 1;
  }

  /** The answer comes. */
  see(): void {
    const snapshot = this.#look;
    if (snapshot === undefined) return;
    this.#look = undefined;
    const before = new Map(this.state.blocks);
    const plan = planObservation({
      state: this.state,
      snapshot,
      suspects: this.#suspects,
      confirmed: this.#confirmed,
      mutationEndsMs: this.#mutationEndsMs,
      hostAddresses: new Set(),
      cooldownOf: () => pool.cooldownMs,
      poolFor: () => pool.name,
    });
    this.commit(plan.changes);
    this.#suspects = plan.suspects;
    for (const { blocks } of snapshot.interfaces) for (const cidr of blocks) this.#confirmed.add(cidr);
    this.#mustHaveBeenMissedTwice(before, snapshot);
  }

  /** The process dies and another one starts: memory is gone, the disk is not; half-made attachments are taken back. */
  restart(): void {
    const { meta, ...rest } = this.state;
    const stored = {
      meta,
      interfaces: [...rest.interfaces.values()],
      blocks: [...rest.blocks.values()],
      addresses: [...rest.addresses.values()].flatMap((records) => [...records.values()]),
      attachments: [...rest.attachments.values()],
      operations: [...rest.operations.values()],
      tombstones: [...rest.tombstones.values()],
    };
    this.state = createNodeState(structuredClone(stored));
    // What was sent may still arrive: the worst case is that it does.
    for (const { operation } of this.#calls) this.#cloudChange(operation, "answered");
    this.#calls = [];
    this.#look = undefined;
    this.#suspects = new Map();
    this.#confirmed.clear();
    this.#mutationEndsMs.clear();
    this.#excessSinceMs = undefined;
    for (const record of this.state.operations.values()) this.#unknown(record);
    for (const { key, state } of [...this.state.attachments.values()]) if (state !== "ready") this.del(key);
  }

  /** Somebody else unassigns a block. */
  steal(index: number): void {
    const blocks = [...this.cloud.keys()];
    const block = blocks[index % Math.max(blocks.length, 1)];
    if (block === undefined) return;
    this.cloud.delete(block);
    this.#stolen.add(block);
  }

  /** Answers to the calls under way arrive. */
  finish(): void {
    const calls = this.#calls;
    this.#calls = [];
    for (const { operation, ending } of calls) this.#end(operation, ending);
  }

  #act(action: PoolAction, ending: Ending): void {
    const token = `token-${++this.#tokens}`;
    const operation = plannedOperation(action, { pool: pool.name, token, startedMs: this.nowMs });
    const blocks = action.kind === "unassign" ? action.blocks : [];
    this.commit([{ put: "operation", record: operation }, ...this.#releasing(blocks)]);
    this.#calls.push({ operation, ending });
  }

  #end(operation: OperationRecord, ending: Ending): void {
    if (!this.state.operations.has(operation.token)) return;
    const happens = ending !== "crash before" && ending !== "refused";
    const outcome = happens ? this.#cloudChange(operation, ending) : { added: [], removed: [] };
    if (ending === "crash before" || ending === "crash after") this.restart();
    else if (ending === "answer lost") this.#unknown(operation);
    else this.#record(operation, ending === "refused" ? undefined : outcome);
  }

  #record(operation: OperationRecord, outcome: BlockOutcome | undefined): void {
    const refused = (): StateChange[] => [
      ...reopenBlocks(this.state, operation.request.remove ?? [], this.nowMs),
      { delete: "operation", token: operation.token },
    ];
    this.commit(
      outcome === undefined ? refused() : outcomeChanges(this.state, { operation, outcome, nowMs: this.nowMs }),
    );
    this.#mutationEndsMs.set(operation.interfaceId ?? "", this.nowMs);
  }

  #releasing(blocks: readonly Cidr[]): StateChange[] {
    return blocks.flatMap((cidr): StateChange[] => {
      const block = this.state.blocks.get(cidr);
      return block === undefined
        ? []
        : [{ put: "block", record: { ...block, state: "releasing", sinceMs: this.nowMs } }];
    });
  }

  #unknown(record: OperationRecord): void {
    this.commit(unknownOutcomeChanges(this.state, record, this.nowMs));
    this.#mutationEndsMs.set(record.interfaceId ?? "", this.nowMs);
    this.nowMs += 1;
  }

  #cloudChange({ request, interfaceId = "" }: OperationRecord, ending: Ending): BlockOutcome {
    const count = request.add?.count ?? 0;
    const added = Array.from({ length: ending === "half done" ? count >> 1 : count }, () =>
      this.#newBlock(interfaceId),
    );
    const wanted = request.remove ?? [];
    const removed = wanted.slice(0, ending === "half done" ? wanted.length >> 1 : wanted.length);
    for (const block of removed) this.#unassign(block);
    return { added, removed };
  }

  #newBlock(interfaceId: string): Cidr {
    const number = this.#addresses++;
    const block = hostCidr(parseAddress(`10.0.${number >> 8}.${number & 255}`));
    this.cloud.set(block, interfaceId);
    return block;
  }

  #unassign(block: Cidr): void {
    for (const record of addressesOf(this.state, block).values()) {
      if (record.state === "allocated") this.violations.push(`${block} was given back while a pod has it`);
      this.#mustHaveCooled(record.address, "was given back");
    }
    this.cloud.delete(block);
  }

  #mustHaveCooled(address: Address, what: string): void {
    const restedMs = this.nowMs - (this.#freedMs.get(address) ?? Number.NEGATIVE_INFINITY);
    if (restedMs < pool.cooldownMs) this.violations.push(`${address} ${what} after a rest of ${restedMs} ms`);
  }

  /** A ready block may be given up only when two answers in a row did not show it. */
  #mustHaveBeenMissedTwice(before: ReadonlyMap<Cidr, { readonly state: string }>, snapshot: Snapshot): void {
    const shown = new Set(snapshot.interfaces.flatMap((observed) => observed.blocks));
    for (const [cidr, { state }] of before) {
      const missed = shown.has(cidr) ? 0 : (this.#missed.get(cidr) ?? 0) + 1;
      this.#missed.set(cidr, missed);
      const now = this.state.blocks.get(cidr)?.state ?? "gone";
      if (state === "ready" && now !== "ready" && missed < 2) this.violations.push(`${cidr} was given up too early`);
    }
  }

  #view(): Snapshot {
    const interfaces = interfaceIds.map(
      (id, index): CloudInterface => ({
        id,
        mac: parseMac(`02:00:00:00:00:0${index + 1}`),
        role: index === 0 ? "primary" : "secondary",
        owner: "ours",
        subnetId: "subnet-a",
        primaryAddresses: [parseAddress(`10.9.0.${index + 1}`)],
        blocks: [...this.cloud].filter(([, holder]) => holder === id).map(([block]) => block),
        gateways: {},
      }),
    );
    return { startedAtMs: this.nowMs, interfaces };
  }

  /** What must be true after every step. */
  check(): string[] {
    const found = [...this.violations];
    const holders = new Map<Address, string>();
    for (const [name, addresses] of this.kernel) {
      const key = this.state.attachments.get(name)?.key;
      const held = new Set(key === undefined ? [] : addressesHeldBy(this.state, key).map(({ address }) => address));
      for (const address of addresses) {
        if (holders.has(address)) found.push(`${address} is routed to ${holders.get(address)} and to ${name}`);
        if (!held.has(address)) found.push(`${address} is routed to ${name} but not allocated to it`);
        holders.set(address, name);
      }
    }
    const { counts } = this.situation();
    const naive = [...this.state.blocks.values()].filter(({ cidr, state }) => {
      const records = [...addressesOf(this.state, cidr).values()];
      const usable = records.every((record) => addressStateAt(record, pool.cooldownMs, this.nowMs) === "free");
      return state === "ready" && usable && !this.#suspects.has(cidr);
    }).length;
    if (counts.available !== naive) found.push(`available is ${counts.available}, counted ${naive}`);
    return found;
  }
}

function allocatingRecord(key: AttachmentKey, nowMs: number): StateChange {
  const netns = { path: "/run/netns/p", cookie: "1" };
  const spec = { key, netns, datapath: "veth" as const, addresses: [], mtuBytes: 1500 };
  return {
    put: "attachment",
    record: { key, state: "allocating", createdMs: nowMs, pod: {}, spec },
  };
}
