/** Counts the events of a sliding window of time, and keeps the highest count so far. */
export class RateWindow {
  readonly #lengthUs: number
  #times: number[] = []
  #first = 0
  #highest = 0

  constructor(lengthMs: number) {
    this.#lengthUs = lengthMs * 1000
  }

  /** The highest count of any window so far. */
  get highest(): number {
    return this.#highest
  }

  /** Adds an event; gives the count of the window that ends with it. */
  add(nowUs: number): number {
    this.#times.push(nowUs)
    const count = this.count(nowUs)
    this.#highest = Math.max(this.#highest, count)
    return count
  }

  /** The count of the window that ends now. */
  count(nowUs: number): number {
    while ((this.#times[this.#first] ?? Infinity) <= nowUs - this.#lengthUs) this.#first++
    if (this.#first > 10_000) {
      this.#times = this.#times.slice(this.#first)
      this.#first = 0
    }
    return this.#times.length - this.#first
  }
}
