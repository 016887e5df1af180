import type { Category } from '@grid/core-events'
import { emptyTicker, type MutableTicker } from './mutable-ticker.ts'

/** What is known of one symbol on this connection. */
export interface TickerState {
  /** The values after the newest message; never given out, so that events do not change. */
  values: MutableTicker
  /** Whether a ticker snapshot was among the messages: only then can deltas be laid over it. */
  hasSnapshot: boolean
  /** Order of the newest ticker message. */
  seq: number
  ts: number
  /** Order of the newest book, apart from the tickers': the two topics run side by side. */
  bookSeq: number
  bookUpdate: number
}

/** What is known of every symbol on one connection; shared by the topics that make up a ticker. */
export class TickerStates {
  readonly #states = new Map<string, TickerState>()
  readonly #category: Category

  constructor(category: Category) {
    this.#category = category
  }

  get(symbol: string): TickerState | undefined {
    return this.#states.get(symbol)
  }

  /** The symbol's state, made anew if need be. */
  obtain(symbol: string): TickerState {
    let state = this.#states.get(symbol)
    if (state === undefined) {
      state = {
        values: this.empty(symbol),
        hasSnapshot: false,
        seq: 0,
        ts: 0,
        bookSeq: -1,
        bookUpdate: -1,
      }
      this.#states.set(symbol, state)
    }
    return state
  }

  /** A ticker of which nothing is known. */
  empty(symbol: string): MutableTicker {
    return emptyTicker(this.#category, symbol)
  }

  clear(): void {
    this.#states.clear()
  }
}
