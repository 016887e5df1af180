import type { MutableTicker } from './mutable-ticker.ts'

/**
 * How many messages of a symbol are remembered. An older delta yields no row; an older snapshot starts
 * a new count.
 */
const REMEMBERED = 8

/** The newest messages of one symbol, each with the merged values after it. */
export class RecentTickers {
  #ring: MutableTicker[] = []
  #next = 0

  push(ticker: MutableTicker): void {
    this.#ring[this.#next] = ticker
    this.#next = (this.#next + 1) % REMEMBERED
  }

  /** Whether the oldest of them is at or before this order. */
  reachesTo(seq: number, ts: number): boolean {
    const oldest = this.#ring[this.#next] ?? this.#ring[0]
    if (oldest === undefined) return false
    return oldest.seq < seq || (oldest.seq === seq && oldest.exchangeTs <= ts)
  }

  /** All of them, oldest first. */
  list(): MutableTicker[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)]
  }

  /** Remembers these instead, oldest first; drops the oldest if there are too many. */
  replace(tickers: readonly MutableTicker[]): void {
    this.#ring = tickers.slice(-REMEMBERED)
    this.#next = this.#ring.length % REMEMBERED
  }

  clear(): void {
    this.replace([])
  }
}
