import { PodwireError, type Random } from "@podwire/core";

/** Randomness that one whole number determines: the same seed gives the same draws on every machine. */
export class SeededRandom implements Random {
  readonly seed: number;
  readonly #state: Uint32Array;

  constructor(seed: number) {
    this.seed = seed;
    this.#state = expandSeed(seed);
  }

  integer(below: number): number {
    if (!Number.isInteger(below) || below < 1 || below > 2 ** 32) {
      throw new PodwireError("INTERNAL", `random bound ${below} is outside 1…2^32`, { value: String(below) });
    }
    // Draws above the last whole multiple are thrown away: each number is equally likely.
    const limit = 2 ** 32 - (2 ** 32 % below);
    let draw = this.#next();
    while (draw >= limit) draw = this.#next();
    return draw % below;
  }

  token(): string {
    return this.hex(32);
  }

  /** Lower-case hexadecimal digits. */
  hex(digits: number): string {
    let text = "";
    while (text.length < digits) text += this.#next().toString(16).padStart(8, "0");
    return text.slice(0, digits);
  }

  /** True with the given probability, 0…1. */
  chance(probability: number): boolean {
    return this.#next() < probability * 2 ** 32;
  }

  /** A generator of its own: what one part of a test draws does not shift what another part gets. */
  fork(): SeededRandom {
    return new SeededRandom(this.#next());
  }

  /** xoshiro128** 1.1, https://prng.di.unimi.it/xoshiro128starstar.c */
  #next(): number {
    const s = this.#state as unknown as [number, number, number, number];
    const result = Math.imul(rotateLeft(Math.imul(s[1], 5), 7), 9) >>> 0;
    const shifted = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotateLeft(s[3], 11);
    return result;
  }
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/** splitmix32, as the authors of xoshiro advise: neighbouring seeds get unrelated states, none all zero. */
function expandSeed(seed: number): Uint32Array {
  let state = Math.trunc(seed) ^ Math.trunc(seed / 2 ** 32);
  return Uint32Array.from({ length: 4 }, () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return z ^ (z >>> 16);
  });
}
