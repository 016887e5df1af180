import {
  type Category,
  TICKER_FIELD_NAMES,
  TICKER_FIELDS,
  type TickerFieldName,
} from '@grid/core-events'
import { emptyTicker, type MutableTicker } from './mutable-ticker.ts'
import { RecentTickers } from './recent-tickers.ts'

/** What is known about one symbol on this connection. */
export class TickerState {
  /** The values after the newest message; never given out, so that events do not change. */
  values: MutableTicker
  /** Whether a ticker snapshot has come: only then are all values known. */
  hasSnapshot = false
  /** Order of the newest ticker message. */
  seq = -1
  ts = -1
  /** Order of the newest snapshot, which carries every field. */
  snapshotSeq = -1
  snapshotTs = -1
  /** Order of the newest delta that carried a field, at twice the field's bit: seq, then ts. */
  readonly fieldOrders: Float64Array = new Float64Array(2 * TICKER_FIELD_NAMES.length).fill(-1)
  /** The newest messages with the values after each: a late message is merged beneath them. */
  readonly recent: RecentTickers = new RecentTickers()
  /** Order of the newest book. Books and tickers come by two topics that run side by side. */
  bookSeq = -1
  bookUpdate = -1

  constructor(values: MutableTicker) {
    this.values = values
  }

  /** Whether an order is before that of the newest message: the sequence leads, time breaks ties. */
  isAfter(seq: number, ts: number): boolean {
    return seq < this.seq || (seq === this.seq && ts < this.ts)
  }

  /** Whether a field's value, by the field's bit, is from this order or before. */
  isFieldUntil(bit: number, seq: number, ts: number): boolean {
    return (
      isUntil(this.snapshotSeq, this.snapshotTs, seq, ts) &&
      isUntil(this.fieldOrders[2 * bit] ?? -1, this.fieldOrders[2 * bit + 1] ?? -1, seq, ts)
    )
  }

  /** Takes a snapshot that is not late. */
  replace(values: MutableTicker, seq: number, ts: number): void {
    if (this.isAfter(seq, ts)) {
      // The exchange counts anew: values from before must not seem newer for ever.
      this.#forgetOrders()
    }
    this.hasSnapshot = true
    this.snapshotSeq = seq
    this.snapshotTs = ts
    this.advance(values, seq, ts)
  }

  /** The next message counts as the newest, whatever its order. */
  restart(): void {
    this.seq = -1
    this.ts = -1
    this.#forgetOrders()
  }

  /** Takes a late message, which is the newest one for some fields. */
  mergeLate(values: MutableTicker, late: MutableTicker, newest: readonly TickerFieldName[]): void {
    const { seq, exchangeTs: ts } = late
    this.values = values
    for (const name of newest) {
      this.fieldOrders[2 * TICKER_FIELDS[name].bit] = seq
      this.fieldOrders[2 * TICKER_FIELDS[name].bit + 1] = ts
    }
    if (!late.isSnapshot || !isUntil(this.snapshotSeq, this.snapshotTs, seq, ts)) return
    this.hasSnapshot = true
    this.snapshotSeq = seq
    this.snapshotTs = ts
  }

  /** Takes the readable part of a malformed delta, whose order is not trusted. */
  patch(values: MutableTicker): void {
    this.values = values
    this.recent.clear()
  }

  /** Takes the values after a message that is not late. */
  advance(values: MutableTicker, seq: number, ts: number): void {
    this.values = values
    this.seq = seq
    this.ts = ts
    // Before the first snapshot the values are incomplete.
    if (this.hasSnapshot) this.recent.push(values)
  }

  #forgetOrders(): void {
    this.snapshotSeq = -1
    this.snapshotTs = -1
    this.fieldOrders.fill(-1)
    this.recent.clear()
  }
}

/** Whether the first order is not after the second. */
function isUntil(seq: number, ts: number, otherSeq: number, otherTs: number): boolean {
  return seq < otherSeq || (seq === otherSeq && ts <= otherTs)
}

/** What is known about each symbol on one connection; shared by the topics that make up a ticker. */
export class TickerStates {
  readonly #states = new Map<string, TickerState>()
  readonly #category: Category

  constructor(category: Category) {
    this.#category = category
  }

  get(symbol: string): TickerState | undefined {
    return this.#states.get(symbol)
  }

  /** The symbol's state, made if there is none. */
  obtain(symbol: string): TickerState {
    let state = this.#states.get(symbol)
    if (state === undefined) {
      state = new TickerState(this.empty(symbol))
      this.#states.set(symbol, state)
    }
    return state
  }

  /** A ticker without any values. */
  empty(symbol: string): MutableTicker {
    return emptyTicker(this.#category, symbol)
  }

  /** Every symbol's state. */
  all(): IterableIterator<[symbol: string, state: TickerState]> {
    return this.#states.entries()
  }

  forget(symbol: string): void {
    this.#states.delete(symbol)
  }

  clear(): void {
    this.#states.clear()
  }
}
