import type { BybitRestClient } from '@grid/bybit-adapter'
import { type Category, type Clock, nowMs, untilAborted } from '@grid/core-events'
import { TradingInstruments } from '../market/trading-instruments.ts'
import type { CoinSource, ListedCoins } from './rest/listed-coins.ts'

/** A listing is read again for a caller who can do with one of a moment ago. */
const MOMENT_MS = 1000

interface Reading {
  readonly readAtMs: number
  readonly listed: Promise<ListedCoins>
}

/**
 * Learns from the exchange's instruments which coins an account may hold, because the exchange lists
 * an account's positions, orders and executions one coin at a time and lists new coins at any time.
 *
 * One for all accounts: a reading is shared. A reading that fails is no reading.
 */
export class ExchangeCoins implements CoinSource {
  readonly #client: BybitRestClient
  readonly #clock: Clock
  readonly #lists = new Map<Category, TradingInstruments>()
  readonly #readings = new Map<Category, Reading>()

  constructor(client: BybitRestClient, clock: Clock) {
    this.#client = client
    this.#clock = clock
  }

  async listed(category: Category, asOfMs: number, signal: AbortSignal): Promise<ListedCoins> {
    const now = nowMs(this.#clock)
    const known = this.#readings.get(category)
    const isFresh = known !== undefined && known.readAtMs >= Math.min(asOfMs, now - MOMENT_MS)
    const reading = isFresh ? known : this.#begin(category, now)
    return untilAborted(reading.listed, signal)
  }

  #begin(category: Category, readAtMs: number): Reading {
    const reading = { readAtMs, listed: this.#read(category) }
    this.#readings.set(category, reading)
    reading.listed.catch(() => {
      if (this.#readings.get(category) === reading) this.#readings.delete(category)
    })
    return reading
  }

  async #read(category: Category): Promise<ListedCoins> {
    const list = this.#lists.get(category) ?? new TradingInstruments(this.#client, category)
    this.#lists.set(category, list)
    const { items, deadLetters, end, isWhole } = await list.read()
    if (end !== 'last_page') {
      throw new Error(`the list of ${category} instruments ended early: ${end}`)
    }
    const coins = items.map(({ baseCoin, settleCoin }) =>
      category === 'option' ? baseCoin : settleCoin,
    )
    return {
      coins: new Set(coins.filter((coin) => coin !== null)),
      symbols: new Set(items.map(({ symbol }) => symbol)),
      // A row that cannot be read may name another coin.
      isWhole: isWhole && deadLetters.length === 0,
    }
  }
}
