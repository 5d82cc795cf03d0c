import {
  type Address,
  addressAt,
  type BlockKind,
  type Cidr,
  type Clock,
  type CloudInterface,
  cidrFamily,
  hostCidr,
  type InterfaceOwner,
  type InterfaceRole,
  type Limits,
  type NetworkFacts,
  type NodeRef,
  networkAddress,
  PodwireError,
  parseCidr,
  parseMac,
  type SubnetFacts,
} from "@podwire/core";
import { type AddressSpace, subnetSpace } from "./address-space.ts";

export interface MemorySubnet {
  readonly id: string;
  readonly cidr: string;
  readonly tags?: Readonly<Record<string, string>>;
}

export interface MemoryInterface {
  readonly id: string;
  readonly role?: InterfaceRole;
  readonly owner?: InterfaceOwner;
  readonly subnetId?: string;
}

export interface MemoryCloudOptions {
  readonly limits?: Limits;
  /** Default: one /24. */
  readonly subnets?: readonly MemorySubnet[];
  /** Default: one primary interface in the first subnet. */
  readonly interfaces?: readonly MemoryInterface[];
}

/** The state of a small cloud with one node. Every change is at once; when callers hear of it is not its business. */
export class MemoryCloud {
  readonly node: NodeRef;
  limits: Limits;
  readonly #clock: Clock;
  readonly #subnets: readonly MemorySubnet[];
  readonly #spaces: ReadonlyMap<string, AddressSpace>;
  readonly #vpcCidrs: readonly Cidr[];
  #interfaces: readonly CloudInterface[] = [];
  #past: { readonly fromMs: number; readonly interfaces: readonly CloudInterface[] }[] = [];
  #made = 0;

  constructor(clock: Clock, options: MemoryCloudOptions = {}) {
    this.#clock = clock;
    this.limits = options.limits ?? { maxInterfaces: 4, blocksPerInterface: { 4: 14, 6: 0 } };
    this.#subnets = options.subnets ?? [{ id: "subnet-1", cidr: "10.0.0.0/24" }];
    this.#vpcCidrs = this.#subnets.map((subnet) => parseCidr(subnet.cidr));
    this.#spaces = new Map(this.#subnets.map(({ id, cidr }) => [id, subnetSpace(parseCidr(cidr), 4, 1)]));
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

  /** As the cloud held them at a time since boot. */
  interfacesAt(timeMs: number): readonly CloudInterface[] {
    const then = this.#past.findLast((entry) => entry.fromMs <= timeMs);
    return (then ?? this.#past[0])?.interfaces ?? [];
  }

  network(): NetworkFacts {
    return { vpcCidrs: this.#vpcCidrs, mtuBytes: 9001, subnets: this.#subnets.map((subnet) => this.#factsOf(subnet)) };
  }

  freeAddresses(subnetId: string): number {
    return this.#space(subnetId).freeCount;
  }

  /** Somebody else takes addresses of the subnet until so many are free. Returns what gives them back. */
  occupy(subnetId: string, leaveFree: number): () => void {
    const space = this.#space(subnetId);
    const bits = cidrFamily(space.cidr) === 4 ? 32 : 128;
    const taken: Cidr[] = [];
    while (space.freeCount > leaveFree) taken.push(space.take(bits) as Cidr);
    return () => {
      for (const cidr of taken) space.release(cidr);
    };
  }

  /** An interface appears on the node, without blocks. */
  addInterface(spec: MemoryInterface): CloudInterface {
    const subnet = this.#subnets.find((own) => own.id === (spec.subnetId ?? this.#subnets[0]?.id)) as MemorySubnet;
    const own = this.#space(subnet.id).take(32) as Cidr;
    const made: CloudInterface = {
      id: spec.id,
      mac: parseMac(`02:00:00:00:00:${(++this.#made).toString(16).padStart(2, "0")}`),
      role: spec.role ?? (this.#interfaces.length === 0 ? "primary" : "secondary"),
      owner: spec.owner ?? "ours",
      subnetId: subnet.id,
      primaryAddresses: [networkAddress(own)],
      blocks: [],
      gateways: gatewaysOf(parseCidr(subnet.cidr)),
    };
    this.#commit([...this.#interfaces, made]);
    return made;
  }

  /** The interface goes, with everything on it. */
  removeInterface(interfaceId: string): void {
    const gone = this.#interface(interfaceId);
    this.remove(interfaceId, gone.blocks);
    for (const address of gone.primaryAddresses) this.#space(gone.subnetId).release(hostCidr(address));
    this.#commit(this.#interfaces.filter((own) => own.id !== interfaceId));
  }

  /**
   * The lowest free block of that kind in the interface's subnet.
   * @throws CLOUD_NOT_FOUND, CLOUD_LIMIT, SUBNET_EXHAUSTED
   */
  addAny(interfaceId: string, kind: BlockKind): Cidr {
    const own = this.#interface(interfaceId);
    this.#mustHaveRoom(own, kind.family);
    const block = this.#space(own.subnetId).take(kind.prefixLength);
    if (block === undefined) {
      throw new PodwireError("SUBNET_EXHAUSTED", `${own.subnetId} has no free block /${kind.prefixLength}`);
    }
    this.#setBlocks(interfaceId, [...own.blocks, block]);
    return block;
  }

  /** That very block; success when the interface has it already. @throws as addAny, and CLOUD_CONFLICT */
  addBlock(interfaceId: string, block: Cidr): Cidr {
    const own = this.#interface(interfaceId);
    if (own.blocks.includes(block)) return block;
    this.#mustHaveRoom(own, cidrFamily(block));
    if (!this.#space(own.subnetId).claim(block)) {
      throw new PodwireError("CLOUD_CONFLICT", `${block} is not free in ${own.subnetId}`, { value: block });
    }
    this.#setBlocks(interfaceId, [...own.blocks, block]);
    return block;
  }

  /** All of `blocks`, those that were there and those that were not. @throws CLOUD_NOT_FOUND */
  remove(interfaceId: string, blocks: readonly Cidr[]): readonly Cidr[] {
    const own = this.#interface(interfaceId);
    for (const block of blocks) if (own.blocks.includes(block)) this.#space(own.subnetId).release(block);
    if (blocks.length > 0)
      this.#setBlocks(
        interfaceId,
        own.blocks.filter((block) => !blocks.includes(block)),
      );
    return [...blocks];
  }

  #factsOf({ id, cidr: text, tags = {} }: MemorySubnet): SubnetFacts {
    const cidr = parseCidr(text);
    const freeAddresses = this.#space(id).freeCount;
    return { id, zone: "zone-a", cidrs: [cidr], gateways: gatewaysOf(cidr), freeAddresses, tags };
  }

  #mustHaveRoom(own: CloudInterface, family: 4 | 6): void {
    const limit = this.limits.blocksPerInterface[family];
    if (own.blocks.filter((block) => cidrFamily(block) === family).length < limit) return;
    throw new PodwireError("CLOUD_LIMIT", `${own.id} holds ${limit} blocks, as many as it can`, { value: own.id });
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

  #space(subnetId: string): AddressSpace {
    const space = this.#spaces.get(subnetId);
    if (space === undefined) throw new PodwireError("CLOUD_NOT_FOUND", `subnet ${subnetId} does not exist`);
    return space;
  }
}

function gatewaysOf(cidr: Cidr) {
  return { [cidrFamily(cidr)]: addressAt(cidr, 1n) };
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
