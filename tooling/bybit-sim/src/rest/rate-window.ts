/** Counts what happened in the last so many microseconds, and the most that ever did. */
export class RateWindow {
  readonly #lengthUs: number
  #times: number[] = []
  #first = 0
  #highest = 0

  constructor(lengthMs: number) {
    this.#lengthUs = lengthMs * 1000
  }

  /** The most within any window so far. */
  get highest(): number {
    return this.#highest
  }

  /** Adds one; how many the window holds with it. */
  add(nowUs: number): number {
    this.#times.push(nowUs)
    const count = this.count(nowUs)
    this.#highest = Math.max(this.#highest, count)
    return count
  }

  /** How many the window that ends now holds. */
  count(nowUs: number): number {
    while ((this.#times[this.#first] ?? Infinity) <= nowUs - this.#lengthUs) this.#first++
    if (this.#first > 10_000) {
      this.#times = this.#times.slice(this.#first)
      this.#first = 0
    }
    return this.#times.length - this.#first
  }
}
