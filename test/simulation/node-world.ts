import {
  type AddRequest,
  type AttachmentKey,
  type CloudProvider,
  type CniCall,
  type CniResult,
  createCancelSource,
  createNodeAgent,
  type DelRequest,
  type HostNetwork,
  type LogFields,
  type NodeAgent,
  type NodeIdentity,
  type NodePorts,
  neverCancelled,
  type PodwireError,
  parseConfig,
  silentMetrics,
} from "@podwire/core";
import {
  createMemoryProvider,
  createMemoryStore,
  FaultPlan,
  MemoryHost,
  type MemoryProvider,
  type MemoryProviderOptions,
  type MemoryStore,
  SeededRandom,
  VirtualClock,
} from "@podwire/testkit";
import { expect } from "vitest";

export interface NodeWorldOptions {
  readonly config?: object;
  readonly provider?: Omit<Partial<MemoryProviderOptions>, "clock" | "faults">;
  /** In place of the cloud in memory. */
  readonly cloud?: (at: { readonly clock: VirtualClock; readonly faults: FaultPlan }) => NodeCloud;
}

export interface NodeCloud {
  readonly provider: CloudProvider;
  readonly identity: NodeIdentity;
}

/** One node of doubles on virtual time, whose process can die and come back. */
export class NodeWorld {
  readonly clock = new VirtualClock();
  readonly host = new MemoryHost();
  readonly faults = new FaultPlan();
  readonly provider: MemoryProvider;
  readonly events: { readonly event: string; readonly fields: LogFields | undefined }[] = [];
  agent: NodeAgent;
  store: MemoryStore = createMemoryStore();
  /** One for all processes: none of them sends a token that an earlier one has sent. */
  readonly #random = new SeededRandom(7);
  readonly #config: object;
  readonly #cloud: NodeCloud;
  #stop = createCancelSource();
  #running: Promise<void> = Promise.resolve();
  #identityFails = 0;
  #life = { number: 1, ended: false };

  constructor(options: NodeWorldOptions = {}) {
    this.#config = { cloud: "aws", ...options.config };
    this.provider = createMemoryProvider({ ...options.provider, clock: this.clock, faults: this.faults });
    this.#cloud = options.cloud?.(this) ?? { provider: this.provider, identity: this.#memoryIdentity() };
    this.agent = this.#createAgent();
  }

  /** The metadata server does not answer the next so many times. */
  failIdentity(times: number): void {
    this.#identityFails = times;
  }

  async start(): Promise<void> {
    await this.agent.recover(neverCancelled);
    this.#running = this.agent.run(this.#stop.signal);
  }

  /** Started, and the first addresses are there. */
  async boot(): Promise<void> {
    await this.start();
    await this.clock.runUntil(() => this.agent.report().pools.every(({ available }) => available > 0), 60_000);
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error("stopped"));
    await this.clock.settle();
    await this.#running;
  }

  /** The process ends here and now. What it has asked of the kernel and the cloud still happens; nothing else does. */
  die(): void {
    this.#life.ended = true;
    this.store.crash();
  }

  /** SIGKILL: what the old process was doing goes on nowhere; another one starts from what was committed. */
  async kill(): Promise<void> {
    this.die();
    this.#life = { number: this.#life.number + 1, ended: false };
    this.store = this.store.reopen();
    this.#stop.abort(new Error("killed"));
    this.#stop = createCancelSource();
    this.agent = this.#createAgent();
    await this.start();
  }

  /** The process dies and the state file with it. */
  async forgetState(): Promise<void> {
    this.die();
    this.store = createMemoryStore();
    await this.kill();
  }

  add(pod: number, more: Partial<AddRequest> = {}, call: Partial<CniCall> = {}): Promise<CniResult> {
    const netnsPath = more.netnsPath ?? `/run/netns/p${pod}`;
    this.ensureNamespace(netnsPath);
    return this.agent.add({ key: podKey(pod), netnsPath, pod: {}, ...more }, this.call(call));
  }

  del(pod: number, more: Partial<DelRequest> = {}): Promise<void> {
    return this.agent.del({ ...podKey(pod), ...more }, this.call());
  }

  call(more: Partial<CniCall> = {}): CniCall {
    return { deadlineMs: this.clock.bootMs() + 29_000, signal: neverCancelled, ...more };
  }

  ensureNamespace(path: string): void {
    if (!this.host.hasNamespace(path)) this.host.addNamespace(path);
  }

  logged(event: string): boolean {
    return this.events.some((entry) => entry.event === event);
  }

  #createAgent(): NodeAgent {
    const log = (event: string, fields?: LogFields) => void this.events.push({ event, fields });
    const life = this.#life;
    const ports: NodePorts = {
      provider: whileAlive(this.#cloud.provider, life),
      identity: this.#cloud.identity,
      host: whileAlive<HostNetwork>(this.host, life),
      store: this.store,
      clock: this.clock,
      random: this.#random,
      log: { debug: log, info: log, warn: log, error: log },
      metrics: silentMetrics,
    };
    return createNodeAgent(parseConfig(this.#config), ports);
  }

  #memoryIdentity(): NodeIdentity {
    return {
      self: async () => {
        if (this.#identityFails-- > 0) throw new Error("no metadata server");
        return this.provider.node;
      },
    };
  }
}

/** A dead process asks for nothing and learns nothing. */
function whileAlive<Port extends object>(port: Port, life: { readonly ended: boolean }): Port {
  return new Proxy(port, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => (life.ended ? new Promise(() => {}) : Reflect.apply(value, target, args));
    },
  });
}

export function podKey(pod: number): AttachmentKey {
  return { network: "podnet", containerId: `c${pod}`, ifName: "eth0" };
}

export function addressOf(result: CniResult): string | undefined {
  return result.ips?.[0]?.address;
}

/** A pool with little in it, on the times the daemon has by default. */
export const smallPool = { pools: { default: { warm: 2, cooldownMs: 30_000, releaseHoldMs: 180_000 } } };

export function ofCode(code: string) {
  return expect.objectContaining({ code });
}

/** `ok`, or the code of the error. */
export function outcomeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "ok",
    (error: PodwireError) => error.code,
  );
}

/** What the cloud and the state say of blocks must be one thing, and nothing be under way. */
export function expectAgreement(world: NodeWorld): void {
  const report = world.agent.report();
  expect(report.blocks.map((block) => block.cidr).sort()).toEqual([...world.provider.cloud.blocks].sort());
  expect(report.operations).toEqual([]);
}
