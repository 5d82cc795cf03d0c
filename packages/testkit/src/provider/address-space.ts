import {
  addressAt,
  addressBits,
  addressFromValue,
  addressValue,
  type Cidr,
  cidrFamily,
  cidrOf,
  cidrSize,
  containsCidr,
  hostCidr,
  networkAddress,
} from "@podwire/core";

interface Span {
  readonly first: bigint;
  readonly last: bigint;
}

/** Which parts of a subnet are taken. Blocks are aligned to their size, as clouds align them. */
export class AddressSpace {
  readonly cidr: Cidr;
  /** Sorted, never overlapping. */
  #taken: Span[] = [];

  constructor(cidr: Cidr) {
    this.cidr = cidr;
  }

  /** The lowest free block of that size, now taken; undefined when there is none. Lowest first: reuse comes soon. */
  take(prefixLength: number): Cidr | undefined {
    const size = 1n << BigInt(addressBits(cidrFamily(this.cidr)) - prefixLength);
    let candidate = spanOf(this.cidr).first;
    for (const span of this.#taken) {
      if (span.last < candidate) continue;
      if (candidate + size - 1n < span.first) break;
      candidate = alignUp(span.last + 1n, size);
    }
    if (candidate + size - 1n > spanOf(this.cidr).last) return undefined;
    const block = cidrOf(addressFromValue(cidrFamily(this.cidr), candidate), prefixLength);
    this.claim(block);
    return block;
  }

  /** Takes exactly this block; false (and nothing taken) when any part of it is outside the subnet or taken. */
  claim(block: Cidr): boolean {
    if (!this.isFree(block)) return false;
    const span = spanOf(block);
    const behind = this.#taken.findIndex((other) => other.first > span.last);
    this.#taken.splice(behind < 0 ? this.#taken.length : behind, 0, span);
    return true;
  }

  /** Whether the whole block is in the subnet and no part of it taken. */
  isFree(block: Cidr): boolean {
    if (!containsCidr(this.cidr, block)) return false;
    const { first, last } = spanOf(block);
    return !this.#taken.some((other) => other.first <= last && other.last >= first);
  }

  /** Gives back a block that was taken as one. Harmless when it is not. */
  release(block: Cidr): void {
    const { first, last } = spanOf(block);
    this.#taken = this.#taken.filter((span) => span.first !== first || span.last !== last);
  }

  /**
   * Takes the lowest address of every free block of that size: what is left are smaller ones. Returns what gives them
   * back. For small spaces: it goes through all their blocks.
   */
  fragment(prefixLength: number): () => void {
    const blocks: Cidr[] = [];
    for (let block = this.take(prefixLength); block !== undefined; block = this.take(prefixLength)) blocks.push(block);
    const taken = blocks.map((block) => hostCidr(networkAddress(block)));
    for (const [index, block] of blocks.entries()) {
      this.release(block);
      this.claim(taken[index] as Cidr);
    }
    return () => {
      for (const address of taken) this.release(address);
    };
  }

  /** Addresses that are not taken; at most 2^53. */
  get freeCount(): number {
    const taken = this.#taken.reduce((sum, span) => sum + span.last - span.first + 1n, 0n);
    const free = cidrSize(this.cidr) - taken;
    return free > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(free);
  }
}

/** A subnet as clouds hand it out: `head` addresses at its start and `tail` at its end are the cloud's own. */
export function subnetSpace(cidr: Cidr, head: number, tail: number): AddressSpace {
  const space = new AddressSpace(cidr);
  reserveEnds(space, head, tail);
  return space;
}

/** Takes so many addresses at the start and the end of the subnet; those that are taken already stay so. */
export function reserveEnds(space: AddressSpace, head: number, tail: number): void {
  for (let i = 0; i < head; i++) space.claim(hostCidr(addressAt(space.cidr, BigInt(i))));
  for (let i = 1; i <= tail; i++) space.claim(hostCidr(addressAt(space.cidr, cidrSize(space.cidr) - BigInt(i))));
}

function spanOf(cidr: Cidr): Span {
  const first = addressValue(networkAddress(cidr));
  return { first, last: first + cidrSize(cidr) - 1n };
}

function alignUp(value: bigint, size: bigint): bigint {
  return ((value + size - 1n) / size) * size;
}
