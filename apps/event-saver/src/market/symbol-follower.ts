import type { BybitRestClient } from '@grid/bybit-adapter'
import { type Category, type Clock, type DeadLetter, nowMs, repeat, retry } from '@grid/core-events'
import { isTraded, type ListReading, TradingInstruments } from './trading-instruments.ts'

/** What a follower needs, and whom it tells. */
export interface SymbolFollowerOptions {
  readonly category: Category
  readonly client: BybitRestClient
  readonly clock: Clock
  /** How often the list is read: a listing is noticed within this time, a delisting within twice this time. */
  readonly pollMs: number
  /** What is captured already, by a list of an earlier process, and stays until two lists lack it. */
  readonly known?: readonly string[]
  /** Whether nothing is followed: the lists are read to be recorded only. */
  readonly recordsOnly?: boolean
  /** Told of every list that was read, also of a short one. */
  readonly onList: (reading: ListReading) => void
  /** Told of all instruments that are to be captured, each time the list was read. */
  readonly onSymbols: (symbols: readonly string[]) => Promise<void>
  /** Told of rows that cannot be read. All other rows are followed. */
  readonly onUnreadable: (rows: readonly DeadLetter[]) => void
  /** Told that the exchange may list more than it told: instruments of other coins. */
  readonly onPartial: (coins: readonly string[]) => void
  /** Told of a failed reading, which is tried again, and of the recovery (`failures` is then 0). */
  readonly onRetry: (error: unknown, failures: number) => void
}

const BACKOFF = { baseMs: 1000, capMs: 15_000 }

/**
 * Follows the instruments of a category that trade or are about to, as they list and delist.
 *
 * An instrument counts as delisted when it is missing from two lists in a row. One whose row cannot be
 * read stays; a list with a row that names no instrument, or one that may lack coins, delists none.
 */
export class SymbolFollower {
  readonly #options: SymbolFollowerOptions
  readonly #list: TradingInstruments
  #wanted: ReadonlySet<string>
  #missing: ReadonlySet<string> = new Set()

  constructor(options: SymbolFollowerOptions) {
    this.#options = options
    this.#wanted = new Set(options.known)
    this.#list = new TradingInstruments(options.client, options.category)
  }

  /** Reads the list again and again until the signal aborts. */
  run(signal: AbortSignal): Promise<void> {
    const { clock, pollMs, onSymbols, onRetry } = this.#options
    const options = { clock, backoff: BACKOFF, signal, onRetry }
    return repeat(async () => {
      await onSymbols(await retry(() => this.#read(signal), options))
      return pollMs
    }, options)
  }

  async #read(signal: AbortSignal): Promise<string[]> {
    const { category, clock, recordsOnly, onList } = this.#options
    const reading = await this.#list.read(signal)
    const { deadLetters, end, isWhole } = reading
    onList(reading)
    // An incomplete list would look like a wave of delistings.
    if (end !== 'last_page') {
      throw new Error(`the list of ${category} instruments ended early: ${end}`)
    }
    if (deadLetters.length > 0) this.#options.onUnreadable(deadLetters)
    if (recordsOnly === true) return []
    const traded = reading.items.filter((instrument) => isTraded(instrument, nowMs(clock)))
    if (traded.length === 0) throw new Error(`no ${category} instrument trades`)
    const listed = new Set(traded.map(({ symbol }) => symbol))
    const unread = deadLetters.map(({ symbol }) => symbol)
    const absent = [...this.#wanted].filter((symbol) => !listed.has(symbol))
    const gone = absent.filter((symbol) => !unread.includes(symbol))
    const isTrusted = unread.every(isNamed) && isWhole
    if (!isWhole) this.#options.onPartial([...new Set(traded.map(({ baseCoin }) => baseCoin))])
    const isKept = (symbol: string): boolean =>
      unread.includes(symbol) || !(isTrusted && this.#missing.has(symbol))
    const kept = absent.filter(isKept)
    this.#missing = new Set(gone)
    this.#wanted = new Set([...listed, ...kept])
    return [...this.#wanted]
  }
}

function isNamed(symbol: string | null | undefined): boolean {
  return typeof symbol === 'string'
}
