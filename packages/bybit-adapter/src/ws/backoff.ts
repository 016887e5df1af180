/**
 * Exponential backoff with full jitter: each delay is drawn evenly from zero to a bound that doubles.
 *
 * @example
 * const backoff = new Backoff(500, 30_000)
 * backoff.next() // 0 to 500
 * backoff.next() // 0 to 1000
 */
export class Backoff {
  readonly #baseMs: number
  readonly #capMs: number
  readonly #random: () => number
  #failures = 0

  constructor(baseMs: number, capMs: number, random: () => number = Math.random) {
    this.#baseMs = baseMs
    this.#capMs = capMs
    this.#random = random
  }

  /** How many delays were drawn since the last reset. */
  get failures(): number {
    return this.#failures
  }

  /** Draws the next delay, in whole milliseconds. */
  next(): number {
    const bound = Math.min(this.#capMs, this.#baseMs * 2 ** this.#failures)
    this.#failures++
    return Math.floor(this.#random() * bound)
  }

  /** Starts anew from the base. */
  reset(): void {
    this.#failures = 0
  }
}
