/**
 * A deterministic source of random numbers (sfc32), seeded by a text.
 *
 * Each use has its own source with its own name in the seed, so that none shifts another's numbers.
 *
 * @example
 * new Random('1/trades/BTCUSDT').below(10) // always the same first number
 */
export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: string) {
    this.#a = hashText(seed, 0x9e3779b9)
    this.#b = hashText(seed, 0x85ebca6b)
    this.#c = hashText(seed, 0xc2b2ae35)
    for (let round = 0; round < 12; round++) this.uint32()
  }

  /** An integer from 0 to 2³² − 1. */
  uint32(): number {
    const result = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0
    return result >>> 0
  }

  /** An integer from 0 to `limit` − 1. */
  below(limit: number): number {
    return Math.floor((this.uint32() / 4294967296) * limit)
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.uint32() < probability * 4294967296
  }
}

/** A 32-bit hash of a text (FNV-1a with a final mix). */
export function hashText(text: string, seed = 0x811c9dc5): number {
  let hash = seed
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d)
  return (hash ^ (hash >>> 15)) >>> 0
}
