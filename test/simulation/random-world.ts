import {
  type AttachmentKey,
  type BlockKind,
  type CniResult,
  cidrFamily,
  cidrSize,
  containsAddress,
  type Family,
  type NodeReport,
} from "@podwire/core";
import { expect } from "vitest";
import { NodeWorld, podKey } from "./node-world.ts";
import { type Command, type Meddling, type PoolName, podsOfAPool, type Shape } from "./random-commands.ts";

const address: BlockKind = { family: 4, prefixLength: 32 };
const prefix: BlockKind = { family: 4, prefixLength: 28 };
const prefix6: BlockKind = { family: 6, prefixLength: 80 };

const cooldownMs = 5_000;
const releaseHoldMs = 20_000;

const limits = { maxInterfaces: 6, blocksPerInterface: { 4: 5, 6: 5 } };

const subnets = [
  { id: "subnet-node", cidr: "10.0.0.0/25", ipv6Cidr: "2001:db8:0:1::/64", tags: { tier: "node" } },
  { id: "subnet-a", cidr: "10.0.1.0/25", ipv6Cidr: "2001:db8:0:2::/64", tags: { tier: "web" } },
  { id: "subnet-b", cidr: "10.0.2.0/25", ipv6Cidr: "2001:db8:0:3::/64", tags: { tier: "web" } },
];

/** A node of two pools to which anything may happen, and what must be true of it at any time and in the end. */
export class RandomWorld {
  readonly #world: NodeWorld;
  readonly #shape: Shape;
  /** What takes things away from the subnets, to be undone. */
  #mends: (() => void)[] = [];
  /** Answers to ADD whose pod lives, by pod. */
  readonly #held = new Map<number, readonly string[]>();
  readonly #violations: string[] = [];
  /** Whose DEL has failed. */
  readonly #toDelete = new Set<number>();
  readonly #adding = new Map<number, Promise<void>>();

  constructor(shape: Shape) {
    this.#shape = shape;
    const { families, prefixes, warm, minimum, latencyMs } = shape;
    const targets = { warm, minimum, prefixes, cooldownMs, releaseHoldMs };
    this.#world = new NodeWorld({
      config: {
        families,
        pools: { default: targets, web: { ...targets, subnetTags: { tier: "web" } } },
        networks: { webnet: "web" },
        reconcile: { intervalMs: 10_000, callTimeoutMs: 15_000, sweepIntervalMs: 60_000 },
      },
      provider: {
        capabilities: { blockKinds: [address, prefix, prefix6], createInterface: true, orphans: true },
        limits,
        latencyMs: (action) => (action === "describe" ? latencyMs / 10 : latencyMs),
        subnets,
      },
    });
  }

  async boot(): Promise<void> {
    await this.#world.start();
    await this.#world.clock.advance(2_000);
  }

  async run(command: Command): Promise<void> {
    const { provider, clock, faults, host, store } = this.#world;
    if (command.kind === "add") this.#add(numberOf(command));
    else if (command.kind === "del") await this.#del(numberOf(command));
    else if (command.kind === "burst") {
      for (let more = 0; more < command.count; more++) {
        this.#add(numberOf({ pool: command.pool, pod: (command.first + more) % podsOfAPool }));
      }
    } else if (command.kind === "wait") await clock.advance(command.ms);
    else if (command.kind === "fault") {
      const { action, effect, times } = command;
      faults.add({ action, effect, times, when: "always" });
    } else if (command.kind === "lag") provider.describeLagMs = command.ms;
    else if (command.kind === "kernel") host.failNext(command.fault);
    else if (command.kind === "disk") store.failCommits(command.commits);
    else if (command.kind === "kill") await this.#kill();
    else this.#meddle(command);
    this.#expectNoAddressTwice();
  }

  /** Nothing goes wrong any more, and time passes. */
  async calm(): Promise<void> {
    this.#mend();
    this.#world.faults.clear();
    this.#world.store.failCommits(0);
    this.#world.provider.describeLagMs = 0;
    await this.#world.clock.advance(60_000);
    await this.#deleteAgain();
    await this.#world.clock.advance(600_000);
    await Promise.all(this.#adding.values());
    this.#expectNoAddressTwice();
  }

  /** The targets are met where the instance has room, and nothing is held for no reason. */
  expectPeace(): void {
    const report = this.#expectAgreement();
    const { warm, minimum } = this.#shape;
    const isFull = this.#world.provider.cloud.interfaces.length === limits.maxInterfaces;
    for (const { name, family, available, addresses, waiters } of report.pools) {
      const what = `pool ${name} IPv${family}`;
      expect([waiters, addresses.cooling], what).toEqual([0, 0]);
      if (!isFull) expect(available, `${what}: warm`).toBeGreaterThanOrEqual(warm);
      const total = totalOf(report, { name, family });
      if (!isFull) expect(total, `${what}: minimum`).toBeGreaterThanOrEqual(minimum);
    }
    this.#expectNothingInVain(report);
  }

  /** Every pod goes. */
  async clear(): Promise<void> {
    for (let pod = 0; pod < 2 * podsOfAPool; pod++) await this.#del(pod);
    await this.#deleteAgain();
    await this.#world.clock.advance(600_000);
  }

  async expectEmptiness(): Promise<void> {
    const report = this.#expectAgreement();
    expect(report.attachments).toEqual([]);
    expect(report.problems).toEqual([]);
    expect(await this.#world.host.attachments()).toEqual([]);
    for (const { name, family, addresses } of report.pools) {
      expect([addresses.allocated, addresses.cooling], `pool ${name} IPv${family}`).toEqual([0, 0]);
    }
    this.#expectNothingInVain(report);
    await this.#world.stop();
  }

  #add(pod: number): void {
    if (this.#adding.has(pod)) return;
    const { agent } = this.#world;
    const adding = this.#world.add(pod, { key: keyOf(pod) }).then(
      // The answer of a process that was killed reaches nobody.
      (result) => (agent === this.#world.agent ? this.#noteAnswer(pod, result) : undefined),
      () => undefined,
    );
    this.#adding.set(pod, adding);
    void adding.finally(() => {
      if (this.#adding.get(pod) === adding) this.#adding.delete(pod);
    });
  }

  #noteAnswer(pod: number, { ips = [] }: CniResult): void {
    const answer = ips.map((ip) => ip.address);
    const before = this.#held.get(pod) ?? answer;
    if (answer.join() !== before.join()) this.#violations.push(`pod ${pod} had ${before} and has ${answer}`);
    const families = answer.map((text) => (text.includes(":") ? 6 : 4));
    if (families.join() !== this.#shape.families.join()) this.#violations.push(`pod ${pod} got ${answer}`);
    this.#held.set(pod, answer);
  }

  /** A pod that is being started is not deleted: runtimes do one after the other. */
  async #del(pod: number): Promise<void> {
    if (this.#adding.has(pod)) return;
    this.#held.delete(pod);
    // What fails is tried again, by the runtime or by podwire itself.
    this.#toDelete.add(pod);
    await this.#world.del(pod, keyOf(pod)).then(
      () => this.#toDelete.delete(pod),
      () => undefined,
    );
  }

  /** Refusals of the kernel that were ordered and have not come are used up by the first tries. */
  async #deleteAgain(): Promise<void> {
    for (let round = 0; round < 30 && this.#toDelete.size > 0; round++) {
      for (const pod of [...this.#toDelete]) {
        if (this.#held.has(pod)) this.#toDelete.delete(pod);
        else await this.#del(pod);
      }
    }
  }

  async #kill(): Promise<void> {
    this.#adding.clear();
    await this.#world.kill();
  }

  #meddle(command: Meddling): void {
    const { cloud } = this.#world.provider;
    const { interfaces } = cloud;
    if (command.kind === "mend") this.#mend();
    else if (command.kind === "occupy") this.#mends.push(cloud.occupy(subnetId(command), command.leave));
    else if (command.kind === "fragment") this.#mends.push(cloud.fragment(subnetId(command)));
    else if (command.kind === "detach") {
      const own = interfaces[1 + (command.index % Math.max(interfaces.length - 1, 1))];
      if (own !== undefined) cloud.abandon(own.id);
    } else {
      const all = interfaces.flatMap(({ id, blocks }) => blocks.map((block) => ({ id, block })));
      const stolen = all[command.index % Math.max(all.length, 1)];
      if (stolen !== undefined) cloud.remove(stolen.id, [stolen.block]);
    }
  }

  #mend(): void {
    for (const mend of this.#mends.reverse()) mend();
    this.#mends = [];
  }

  #expectNoAddressTwice(): void {
    const all = [...this.#held.values()].flat();
    expect(all.filter((one, index) => all.indexOf(one) !== index)).toEqual([]);
    expect(this.#violations).toEqual([]);
  }

  #expectAgreement(): NodeReport {
    const report = this.#world.agent.report();
    const { cloud } = this.#world.provider;
    expect(report.operations).toEqual([]);
    const known = report.blocks.filter(({ state }) => state !== "lost");
    expect(known.map(({ cidr, interfaceId }) => `${cidr} on ${interfaceId}`).sort()).toEqual(
      cloud.interfaces.flatMap(({ id, blocks }) => blocks.map((cidr) => `${cidr} on ${id}`)).sort(),
    );
    expect(known.filter(({ state }) => state !== "ready")).toEqual([]);
    const lost = report.blocks.filter(({ state }) => state === "lost").map(({ interfaceId }) => interfaceId);
    const interfaces = report.interfaces.map(({ id }) => id).filter((id) => !lost.includes(id));
    expect(interfaces.sort()).toEqual(
      cloud.interfaces
        .map(({ id }) => id)
        .filter((id) => !lost.includes(id))
        .sort(),
    );
    // One that was detached under its pods is left to be attached again.
    const abandoned = cloud.orphans.map(({ id }) => id).filter((id) => !lost.includes(id));
    expect(abandoned, "left behind").toEqual([]);
    return report;
  }

  /** No block and no interface that the targets could do without. */
  #expectNothingInVain({ blocks, attachments, interfaces, pools }: NodeReport): void {
    const used = attachments.flatMap(({ addresses }) => addresses);
    const idle = blocks.filter(({ cidr }) => !used.some((one) => containsAddress(cidr, one)));
    const spare = ({ name, family }: { readonly name: string; readonly family: Family }) => {
      const available = pools.find((one) => one.name === name && one.family === family)?.available ?? 0;
      const total = totalOf({ blocks, interfaces }, { name, family });
      return Math.min(available - this.#shape.warm, total - this.#shape.minimum);
    };
    for (const { id, pool, role } of interfaces) {
      const own = blocks.filter(({ interfaceId }) => interfaceId === id);
      for (const { cidr } of own.filter((block) => idle.includes(block))) {
        const left = spare({ name: pool, family: cidrFamily(cidr) });
        expect(Number(cidrSize(cidr)), `${cidr} on ${id} of ${pool} is too much`).toBeGreaterThan(left);
      }
      if (role === "primary" || !own.every((block) => idle.includes(block))) continue;
      const isNeeded = this.#shape.families.some((family) => {
        const sizes = own.filter(({ cidr }) => cidrFamily(cidr) === family).map(({ cidr }) => Number(cidrSize(cidr)));
        return sizes.reduce((sum, size) => sum + size, 0) > spare({ name: pool, family });
      });
      expect(isNeeded, `${id} of ${pool} is there for nothing`).toBe(true);
    }
  }
}

function subnetId({ subnet }: { readonly subnet: number }): string {
  return subnets[subnet]?.id ?? "";
}

/** Pods of the second pool have the higher numbers. */
function numberOf({ pod, pool }: { readonly pod: number; readonly pool: PoolName }): number {
  return pool === "web" ? podsOfAPool + pod : pod;
}

function keyOf(pod: number): AttachmentKey {
  return { ...podKey(pod), network: pod >= podsOfAPool ? "webnet" : "podnet" };
}

/** Addresses in blocks that serve; a block that was lost under a pod does not. */
function totalOf(
  { blocks, interfaces }: Pick<NodeReport, "blocks" | "interfaces">,
  { name, family }: { readonly name: string; readonly family: Family },
): number {
  const own = new Set(interfaces.filter(({ pool }) => pool === name).map(({ id }) => id));
  return blocks
    .filter(({ cidr, interfaceId, state }) => own.has(interfaceId) && cidrFamily(cidr) === family && state === "ready")
    .reduce((sum, { cidr }) => sum + Number(cidrSize(cidr)), 0);
}
