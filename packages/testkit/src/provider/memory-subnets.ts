import {
  addressAt,
  addressBits,
  type BlockKind,
  type Cidr,
  cidrFamily,
  type Family,
  families,
  type Gateways,
  type NetworkFacts,
  PodwireError,
  parseAddress,
  parseCidr,
  prefixLength,
} from "@podwire/core";
import { type AddressSpace, subnetSpace } from "./address-space.ts";

export interface MemorySubnet {
  readonly id: string;
  /** IPv4. */
  readonly cidr: string;
  /** Default: the subnet has no IPv6. */
  readonly ipv6Cidr?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

interface Subnet {
  readonly id: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly spaces: Readonly<Partial<Record<Family, AddressSpace>>>;
}

/** Link-local, as clouds have it for IPv6: the same in every subnet. */
const ipv6Gateway = parseAddress("fe80::1");

/** The subnets of a cloud in memory, and what is taken of them. */
export class MemorySubnets {
  readonly #subnets: ReadonlyMap<string, Subnet>;

  constructor(specs: readonly MemorySubnet[]) {
    this.#subnets = new Map(specs.map((spec) => [spec.id, subnetOf(spec)]));
  }

  get firstId(): string {
    return [...this.#subnets.keys()][0] ?? "";
  }

  network(): NetworkFacts {
    const subnets = Array.from(this.#subnets.values(), ({ id, tags }) => ({
      id,
      zone: "zone-a",
      cidrs: this.cidrs(id),
      gateways: this.gateways(id),
      freeAddresses: this.freeAddresses(id),
      tags,
    }));
    return { vpcCidrs: subnets.flatMap(({ cidrs }) => cidrs), mtuBytes: 9001, subnets };
  }

  cidrs(subnetId: string): readonly Cidr[] {
    const { spaces } = this.#subnet(subnetId);
    return families.flatMap((family) => spaces[family]?.cidr ?? []);
  }

  gateways(subnetId: string): Gateways {
    const [own, ...others] = this.cidrs(subnetId);
    return { 4: addressAt(own as Cidr, 1n), ...(others.length === 0 ? {} : { 6: ipv6Gateway }) };
  }

  /** IPv4 addresses that nobody holds. */
  freeAddresses(subnetId: string): number {
    return this.#space(subnetId, 4).freeCount;
  }

  /** The lowest free block. @throws SUBNET_EXHAUSTED, SUBNET_FRAGMENTED, CLOUD_NOT_FOUND, CLOUD_REJECTED */
  take(subnetId: string, { family, prefixLength: length }: BlockKind): Cidr {
    const block = this.#space(subnetId, family).take(length);
    if (block !== undefined) return block;
    const code = length === addressBits(family) ? "SUBNET_EXHAUSTED" : "SUBNET_FRAGMENTED";
    throw new PodwireError(code, `${subnetId} has no free block of IPv${family} /${length}`, { value: subnetId });
  }

  /** Exactly that block. @throws CLOUD_CONFLICT, CLOUD_NOT_FOUND */
  claim(subnetId: string, block: Cidr): void {
    if (this.#subnet(subnetId).spaces[cidrFamily(block)]?.claim(block)) return;
    throw new PodwireError("CLOUD_CONFLICT", `${block} is not free in ${subnetId}`, { value: block });
  }

  release(subnetId: string, block: Cidr): void {
    this.#space(subnetId, cidrFamily(block)).release(block);
  }

  /** Takes IPv4 addresses until so many are free. Returns what gives them back. */
  occupy(subnetId: string, leaveFree: number): () => void {
    const space = this.#space(subnetId, 4);
    const taken: Cidr[] = [];
    while (space.freeCount > leaveFree) taken.push(space.take(32) as Cidr);
    return () => {
      for (const cidr of taken) space.release(cidr);
    };
  }

  /** Takes one address of every free IPv4 prefix of that length. Returns what gives them back. */
  fragment(subnetId: string, length = 28): () => void {
    return this.#space(subnetId, 4).fragment(length);
  }

  #space(subnetId: string, family: Family): AddressSpace {
    const space = this.#subnet(subnetId).spaces[family];
    if (space === undefined) throw new PodwireError("CLOUD_REJECTED", `subnet ${subnetId} has no IPv${family}`);
    return space;
  }

  #subnet(id: string): Subnet {
    const found = this.#subnets.get(id);
    if (found === undefined) throw new PodwireError("CLOUD_NOT_FOUND", `subnet ${id} does not exist`, { value: id });
    return found;
  }
}

export function kindOfBlock(block: Cidr): BlockKind {
  return { family: cidrFamily(block), prefixLength: prefixLength(block) };
}

/** The kind of a block that is that one address. */
export function addressKind(family: Family): BlockKind {
  return { family, prefixLength: addressBits(family) };
}

function subnetOf({ id, cidr, ipv6Cidr, tags = {} }: MemorySubnet): Subnet {
  const ipv6 = ipv6Cidr === undefined ? {} : { 6: subnetSpace(parseCidr(ipv6Cidr), 4, 1) };
  return { id, tags, spaces: { 4: subnetSpace(parseCidr(cidr), 4, 1), ...ipv6 } };
}
