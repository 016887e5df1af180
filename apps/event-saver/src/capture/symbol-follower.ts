import type { BybitRestClient } from '@grid/bybit-adapter'
import { type Category, type Clock, sleep } from '@grid/core-events'
import { fullJitter } from '../writer/backoff.ts'

/** What a follower needs, and whom it tells. */
export interface SymbolFollowerOptions {
  readonly category: Category
  readonly client: BybitRestClient
  readonly clock: Clock
  /** Told of every instrument that trades, each time the list was read whole. */
  readonly onSymbols: (symbols: readonly string[]) => void
  /** Told of a failed reading, which is tried again, and of the recovery (`failures` is then 0). */
  readonly onRetry: (error: unknown, failures: number) => void
}

/** A listing or delisting is noticed within this time. */
const POLL_MS = 30_000
const RETRY = { baseMs: 1000, capMs: 15_000 }

/** Follows the trading instruments of a category as they list and delist. */
export class SymbolFollower {
  readonly #options: SymbolFollowerOptions

  constructor(options: SymbolFollowerOptions) {
    this.#options = options
  }

  /** Reads the list again and again until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, onSymbols, onRetry } = this.#options
    let failures = 0
    while (!signal.aborted) {
      try {
        const symbols = await this.#read(signal)
        if (failures > 0) onRetry(null, 0)
        failures = 0
        onSymbols(symbols)
      } catch (error) {
        if (signal.aborted) return
        failures += 1
        onRetry(error, failures)
      }
      await sleep(clock, failures === 0 ? POLL_MS : fullJitter(failures, RETRY), signal)
    }
  }

  async #read(signal: AbortSignal): Promise<string[]> {
    const { client, category } = this.#options
    const pages = client.instrumentsInfo({ category, status: 'Trading' }, { signal })
    const { items, deadLetters, end } = await pages.all()
    // An incomplete list would look like a wave of delistings.
    if (end !== 'last_page')
      throw new Error(`the list of ${category} instruments ended early: ${end}`)
    if (deadLetters.length > 0) {
      throw new Error(
        `${deadLetters.length} ${category} instruments cannot be read: ${deadLetters[0]?.reason}`,
      )
    }
    if (items.length === 0) throw new Error(`no ${category} instrument trades`)
    return items.map(({ symbol }) => symbol)
  }
}
