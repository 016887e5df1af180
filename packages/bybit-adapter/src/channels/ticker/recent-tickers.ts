import type { MutableTicker } from './mutable-ticker.ts'

/**
 * How many messages of a symbol are remembered. A delta that is older gives no row; a snapshot that is
 * older begins a new count.
 */
const REMEMBERED = 8

/** The newest messages of one symbol, each with the values after it. */
export class RecentTickers {
  #ring: MutableTicker[] = []
  #next = 0

  push(ticker: MutableTicker): void {
    this.#ring[this.#next] = ticker
    this.#next = (this.#next + 1) % REMEMBERED
  }

  /** Whether the oldest of them is no newer than this order. */
  reachesTo(seq: number, ts: number): boolean {
    const oldest = this.#ring[this.#next] ?? this.#ring[0]
    if (oldest === undefined) return false
    return oldest.seq < seq || (oldest.seq === seq && oldest.exchangeTs <= ts)
  }

  /** All of them, oldest first. */
  list(): MutableTicker[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)]
  }

  /** Remembers these instead, oldest first; the oldest may be too many. */
  replace(tickers: readonly MutableTicker[]): void {
    this.#ring = tickers.slice(-REMEMBERED)
    this.#next = this.#ring.length % REMEMBERED
  }

  clear(): void {
    this.replace([])
  }
}
