import {
  type Address,
  type BlockKind,
  type BlockRequest,
  type Cidr,
  type Clock,
  type CloudInterface,
  cidrFamily,
  type Family,
  hostCidr,
  type InterfaceOwner,
  type InterfaceRole,
  type Limits,
  type NetworkFacts,
  type NodeRef,
  networkAddress,
  PodwireError,
  parseMac,
} from "@podwire/core";
import { addressKind, type MemorySubnet, MemorySubnets } from "./memory-subnets.ts";

export interface MemoryInterface {
  readonly id: string;
  readonly role?: InterfaceRole;
  readonly owner?: InterfaceOwner;
  readonly subnetId?: string;
  readonly pool?: string;
}

export interface MemoryCloudOptions {
  readonly limits?: Limits;
  /** Default: one /24. */
  readonly subnets?: readonly MemorySubnet[];
  /** Default: one primary interface in the first subnet. */
  readonly interfaces?: readonly MemoryInterface[];
}

/** An interface to be made with its blocks, all or nothing. */
export interface MemoryCreation {
  readonly subnetId: string;
  readonly pool: string;
  readonly add: readonly BlockRequest[];
}

/** An interface of ours that no node holds. */
export interface MemoryOrphan {
  readonly id: string;
  /** Whom it was made for. */
  readonly nodeId: string;
}

/** The state of a small cloud with one node. Every change is at once; when callers hear of it is not its business. */
export class MemoryCloud {
  readonly node: NodeRef;
  limits: Limits;
  readonly #clock: Clock;
  readonly #subnets: MemorySubnets;
  #interfaces: readonly CloudInterface[] = [];
  #abandoned: readonly { readonly own: CloudInterface; readonly nodeId: string }[] = [];
  #past: { readonly fromMs: number; readonly interfaces: readonly CloudInterface[] }[] = [];
  /** Of all interfaces that ever were: a cloud gives no id twice. */
  readonly #ids = new Set<string>();

  constructor(clock: Clock, options: MemoryCloudOptions = {}) {
    this.#clock = clock;
    this.limits = options.limits ?? { maxInterfaces: 4, blocksPerInterface: { 4: 14, 6: 0 } };
    this.#subnets = new MemorySubnets(options.subnets ?? [{ id: "subnet-1", cidr: "10.0.0.0/24" }]);
    for (const spec of options.interfaces ?? [{ id: "eni-1" }]) this.addInterface(spec);
    this.node = nodeWith(this.#interfaces[0]);
  }

  /** As the cloud holds them now. */
  get interfaces(): readonly CloudInterface[] {
    return this.#interfaces;
  }

  /** All blocks of all interfaces as the cloud holds them now. */
  get blocks(): readonly Cidr[] {
    return this.#interfaces.flatMap((own) => own.blocks);
  }

  get orphans(): readonly MemoryOrphan[] {
    const ours = this.#abandoned.filter(({ own }) => own.owner === "ours");
    return ours.map(({ own, nodeId }) => ({ id: own.id, nodeId }));
  }

  /** As the cloud held them at a time since boot. */
  interfacesAt(timeMs: number): readonly CloudInterface[] {
    const then = this.#past.findLast((entry) => entry.fromMs <= timeMs);
    return (then ?? this.#past[0])?.interfaces ?? [];
  }

  network(): NetworkFacts {
    return this.#subnets.network();
  }

  freeAddresses(subnetId: string): number {
    return this.#subnets.freeAddresses(subnetId);
  }

  /** Somebody else takes IPv4 addresses of the subnet until so many are free. Returns what gives them back. */
  occupy(subnetId: string, leaveFree: number): () => void {
    return this.#subnets.occupy(subnetId, leaveFree);
  }

  /** Somebody else takes addresses so that single ones are free and no /28. Returns what gives them back. */
  fragment(subnetId: string): () => void {
    return this.#subnets.fragment(subnetId);
  }

  /** An interface appears on the node, without blocks. A primary one has an address of each family of its subnet. */
  addInterface(spec: MemoryInterface): CloudInterface {
    const subnetId = spec.subnetId ?? this.#subnets.firstId;
    const role = spec.role ?? (this.#interfaces.length === 0 ? "primary" : "secondary");
    const own = this.#subnets.cidrs(subnetId).map(cidrFamily);
    const primaryAddresses = own
      .filter((family) => family === 4 || role === "primary")
      .map((family) => this.#takeAddress(subnetId, family));
    const { id, owner = "ours", pool } = spec;
    const made = this.#newInterface({
      id,
      role,
      owner,
      subnetId,
      primaryAddresses,
      ...(pool === undefined ? {} : { pool }),
    });
    this.#commit([...this.#interfaces, made]);
    return made;
  }

  /** The interface goes, with everything on it. */
  removeInterface(interfaceId: string): void {
    const gone = this.#interface(interfaceId);
    this.#releaseAll(gone);
    this.#commit(this.#interfaces.filter((own) => own.id !== interfaceId));
  }

  /** The node loses the interface, which stays: what is left when a node dies before it detaches. */
  abandon(interfaceId: string, nodeId = this.node.id): void {
    const own = this.#interface(interfaceId);
    this.#commit(this.#interfaces.filter((one) => one.id !== interfaceId));
    this.#abandoned = [...this.#abandoned, { own, nodeId }];
  }

  /**
   * A new interface of ours on the node, with blocks: all of them or no interface.
   * @param atMost blocks that are made all the same, as a fault cuts it short
   * @throws INTERFACE_LIMIT, CLOUD_LIMIT, SUBNET_EXHAUSTED, SUBNET_FRAGMENTED, CLOUD_CONFLICT, CLOUD_NOT_FOUND
   */
  createInterface({ subnetId, pool, add }: MemoryCreation, atMost = Number.POSITIVE_INFINITY): CloudInterface {
    this.#mustHaveRoomFor(add);
    const primaryAddresses = [this.#takeAddress(subnetId, 4)];
    const blocks: Cidr[] = [];
    try {
      for (const request of add) this.#takeBlocks(subnetId, { request, atMost: atMost - blocks.length }, blocks);
    } catch (thrown) {
      for (const cidr of [...primaryAddresses.map(hostCidr), ...blocks]) this.#subnets.release(subnetId, cidr);
      throw thrown;
    }
    const id = this.#freeId();
    const made = this.#newInterface({ id, role: "secondary", owner: "ours", pool, subnetId, primaryAddresses });
    this.#commit([...this.#interfaces, { ...made, blocks }]);
    return { ...made, blocks };
  }

  /** An interface of ours that is not the primary one; absent = success. @throws CLOUD_CONFLICT when it is another */
  deleteInterface(interfaceId: string): void {
    const abandoned = this.#abandoned.find(({ own }) => own.id === interfaceId);
    const own = abandoned?.own ?? this.#interfaces.find((one) => one.id === interfaceId);
    if (own === undefined) return;
    if (own.role === "primary" || own.owner === "foreign") {
      throw new PodwireError("CLOUD_CONFLICT", `${own.id} is ${own.role} and ${own.owner}`, { value: own.id });
    }
    this.#releaseAll(own);
    this.#abandoned = this.#abandoned.filter((one) => one !== abandoned);
    this.#commit(this.#interfaces.filter((one) => one !== own));
  }

  /**
   * The lowest free block of that kind in the interface's subnet.
   * @throws CLOUD_NOT_FOUND, CLOUD_LIMIT, SUBNET_EXHAUSTED, SUBNET_FRAGMENTED
   */
  addAny(interfaceId: string, kind: BlockKind): Cidr {
    const own = this.#interface(interfaceId);
    this.#mustHaveRoom(own, kind.family);
    const block = this.#subnets.take(own.subnetId, kind);
    this.#setBlocks(interfaceId, [...own.blocks, block]);
    return block;
  }

  /** That very block; success when the interface has it already. @throws as addAny, and CLOUD_CONFLICT */
  addBlock(interfaceId: string, block: Cidr): Cidr {
    const own = this.#interface(interfaceId);
    if (own.blocks.includes(block)) return block;
    this.#mustHaveRoom(own, cidrFamily(block));
    this.#subnets.claim(own.subnetId, block);
    this.#setBlocks(interfaceId, [...own.blocks, block]);
    return block;
  }

  /** All of `blocks`, those that were there and those that were not. @throws CLOUD_NOT_FOUND */
  remove(interfaceId: string, blocks: readonly Cidr[]): readonly Cidr[] {
    const own = this.#interface(interfaceId);
    for (const block of blocks) if (own.blocks.includes(block)) this.#subnets.release(own.subnetId, block);
    if (blocks.length > 0)
      this.#setBlocks(
        interfaceId,
        own.blocks.filter((block) => !blocks.includes(block)),
      );
    return [...blocks];
  }

  #newInterface(facts: Omit<CloudInterface, "mac" | "blocks" | "gateways">): CloudInterface {
    this.#ids.add(facts.id);
    const mac = parseMac(`02:00:00:00:${this.#ids.size.toString(16).padStart(4, "0").replace(/..$/, ":$&")}`);
    return { ...facts, mac, blocks: [], gateways: this.#subnets.gateways(facts.subnetId) };
  }

  #takeAddress(subnetId: string, family: Family): Address {
    return networkAddress(this.#subnets.take(subnetId, addressKind(family)));
  }

  /** Puts what it took into `blocks` one by one, so that a failure shows what there is to give back. */
  #takeBlocks(
    subnetId: string,
    { request, atMost }: { readonly request: BlockRequest; readonly atMost: number },
    blocks: Cidr[],
  ): void {
    if ("cidrs" in request) {
      for (const cidr of request.cidrs.slice(0, atMost)) {
        this.#subnets.claim(subnetId, cidr);
        blocks.push(cidr);
      }
    } else
      for (let i = 0; i < Math.min(request.count, atMost); i++) blocks.push(this.#subnets.take(subnetId, request.kind));
  }

  #releaseAll({ subnetId, primaryAddresses, blocks }: CloudInterface): void {
    for (const cidr of [...blocks, ...primaryAddresses.map(hostCidr)]) this.#subnets.release(subnetId, cidr);
  }

  #mustHaveRoomFor(add: readonly BlockRequest[]): void {
    const { maxInterfaces, blocksPerInterface } = this.limits;
    if (this.#interfaces.length >= maxInterfaces) {
      throw new PodwireError("INTERFACE_LIMIT", `${this.node.id} holds ${maxInterfaces} interfaces, all that it can`);
    }
    for (const family of [4, 6] as const) {
      if (countOf(add, family) <= blocksPerInterface[family]) continue;
      const limit = `${blocksPerInterface[family]} blocks of IPv${family}`;
      throw new PodwireError("CLOUD_LIMIT", `a new interface can hold ${limit}, fewer than asked for`);
    }
  }

  #mustHaveRoom(own: CloudInterface, family: Family): void {
    const limit = this.limits.blocksPerInterface[family];
    if (own.blocks.filter((block) => cidrFamily(block) === family).length < limit) return;
    throw new PodwireError("CLOUD_LIMIT", `${own.id} holds ${limit} blocks, as many as it can`, { value: own.id });
  }

  #freeId(): string {
    for (let n = 1; ; n++) if (!this.#ids.has(`eni-${n}`)) return `eni-${n}`;
  }

  #setBlocks(interfaceId: string, blocks: readonly Cidr[]): void {
    this.#commit(this.#interfaces.map((own) => (own.id === interfaceId ? { ...own, blocks } : own)));
  }

  /** Keeps ten minutes of past for describes that lag. */
  #commit(interfaces: readonly CloudInterface[]): void {
    const nowMs = this.#clock.bootMs();
    this.#interfaces = interfaces;
    const kept = this.#past.findLastIndex((entry) => entry.fromMs <= nowMs - 600_000);
    this.#past = [...this.#past.slice(Math.max(kept, 0)), { fromMs: nowMs, interfaces }];
  }

  #interface(id: string): CloudInterface {
    const found = this.#interfaces.find((own) => own.id === id);
    if (found === undefined) throw new PodwireError("CLOUD_NOT_FOUND", `interface ${id} does not exist`, { value: id });
    return found;
  }
}

function countOf(add: readonly BlockRequest[], family: Family): number {
  const counts = add.map((request) => {
    if ("cidrs" in request) return request.cidrs.filter((cidr) => cidrFamily(cidr) === family).length;
    return request.kind.family === family ? request.count : 0;
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

function nodeWith(primary: CloudInterface | undefined): NodeRef {
  return {
    cloud: "memory",
    id: "i-1",
    instanceType: "memory.large",
    region: "region-1",
    zone: "zone-a",
    networkId: "vpc-1",
    primaryMac: primary?.mac ?? parseMac("02:00:00:00:00:00"),
    primaryAddress: (primary?.primaryAddresses[0] ?? "10.0.0.4") as Address,
  };
}
