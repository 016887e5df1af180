import type { BybitRestClient } from '@grid/bybit-adapter'
import { type Category, type Clock, nowMs, untilAborted } from '@grid/core-events'
import type { InstrumentRepository } from '@grid/db'
import { type ListReading, TradingInstruments } from '../market/trading-instruments.ts'
import type { CoinSource, ListedCoins, ListedTime } from './rest/listed-coins.ts'

/** A listing is read again for a caller who can do with one of a moment ago. */
const MOMENT_MS = 1000
/** A list without a coin that was listed less than this ago may be short. */
const MISSED_MS = 86_400_000
/** An option ends when two lists lack it that lie this far apart. */
const CONFIRM_MS = 10_000

/** What learning coins needs. */
export interface ExchangeCoinsOptions {
  readonly client: BybitRestClient
  readonly clock: Clock
  readonly instruments: Pick<InstrumentRepository, 'coins' | 'firstKnown' | 'record'>
  readonly collector: string
}

interface Reading {
  readonly readAtMs: number
  /** What was listed from this time on is in it, as far as the database knows. */
  readonly fromMs: number
  readonly listed: Promise<ListedCoins>
}

/** What is remembered of a category. */
interface Remembered {
  readonly list: TradingInstruments
  /** By coin, when it was last listed, in epoch milliseconds. A coin is never forgotten. */
  readonly lastListed: Map<string, number>
  /** Since when it is known what is listed, in epoch milliseconds. */
  knownSinceMs: number
  reading?: Reading
}

/**
 * Learns from the exchange's instruments which coins an account may hold, because the exchange lists
 * an account's positions, orders and executions one coin at a time and lists new coins at any time.
 *
 * One list may be short without saying so. Coins are therefore those of every list so far, of this
 * process and of the table `instruments`; and a list that is empty, or lacks a coin of the last day, does
 * not count as whole.
 *
 * One for all accounts: a reading is shared. A reading that fails is no reading.
 */
export class ExchangeCoins implements CoinSource {
  readonly #options: ExchangeCoinsOptions
  readonly #remembered = new Map<Category, Remembered>()

  constructor(options: ExchangeCoinsOptions) {
    this.#options = options
  }

  async listed(
    category: Category,
    { fromMs = Number.POSITIVE_INFINITY, asOfMs }: ListedTime,
    signal: AbortSignal,
  ): Promise<ListedCoins> {
    const now = nowMs(this.#options.clock)
    const memory = this.#memoryOf(category, now)
    const { reading: known } = memory
    const isFresh =
      known !== undefined &&
      known.readAtMs >= Math.min(asOfMs, now - MOMENT_MS) &&
      known.fromMs <= fromMs
    const from = Math.min(fromMs, now - MISSED_MS)
    const reading = isFresh ? known : this.#begin(category, memory, now, from)
    return untilAborted(reading.listed, signal)
  }

  #memoryOf(category: Category, now: number): Remembered {
    const known = this.#remembered.get(category)
    if (known !== undefined) return known
    const list = new TradingInstruments(this.#options.client, category)
    const memory = { list, lastListed: new Map<string, number>(), knownSinceMs: now }
    this.#remembered.set(category, memory)
    return memory
  }

  #begin(category: Category, memory: Remembered, readAtMs: number, fromMs: number): Reading {
    const reading = { readAtMs, fromMs, listed: this.#read(category, memory, readAtMs, fromMs) }
    memory.reading = reading
    reading.listed.catch(() => {
      if (memory.reading === reading) delete memory.reading
    })
    return reading
  }

  async #read(
    category: Category,
    memory: Remembered,
    readAtMs: number,
    fromMs: number,
  ): Promise<ListedCoins> {
    const reading = await memory.list.read()
    const { items, deadLetters, end } = reading
    if (end !== 'last_page') {
      throw new Error(`the list of ${category} instruments ended early: ${end}`)
    }
    await this.#recall(category, memory, readAtMs, fromMs)
    const coins = items.map((item) => coinOf(category, item)).filter((coin) => coin !== null)
    const listed = new Set(coins)
    const isMissed = ([coin, ms]: readonly [string, number]): boolean =>
      ms >= readAtMs - MISSED_MS && !listed.has(coin)
    // A row that cannot be read may name another coin.
    const isReadable = deadLetters.length === 0
    const isShort = listed.size === 0 || [...memory.lastListed].some(isMissed)
    const isWhole = reading.isWhole && isReadable && !isShort
    for (const coin of listed) memory.lastListed.set(coin, readAtMs)
    await this.#record(category, { ...reading, isWhole })
    return {
      coins: new Set(memory.lastListed.keys()),
      symbols: new Set(items.map(({ symbol }) => symbol)),
      knownSinceMs: memory.knownSinceMs,
      isWhole,
    }
  }

  /** Records a list of options, because the coins of a gap that an earlier process left are those of its time. */
  async #record(category: Category, reading: ListReading): Promise<void> {
    const { instruments, collector } = this.#options
    const { items, exchangeTs, localTsUs, isWhole } = reading
    if (category !== 'option' || exchangeTs === null || localTsUs === null) return
    const list = { category, instruments: items, isComplete: isWhole }
    await instruments.record(list, { exchangeTs, localTsUs, collector, confirmMs: CONFIRM_MS })
  }

  /** Remembers the coins that are recorded as listed at a time or later. */
  async #recall(
    category: Category,
    memory: Remembered,
    readAtMs: number,
    fromMs: number,
  ): Promise<void> {
    const firstMs = await this.#options.instruments.firstKnown(category)
    memory.knownSinceMs = Math.min(memory.knownSinceMs, firstMs ?? readAtMs)
    for (const state of await this.#options.instruments.coins({ category, from: fromMs })) {
      const coin = coinOf(category, state)
      if (coin === null) continue
      // The exchange's clock may be ahead, and one list may have had an absurd time.
      const listedMs = Math.min(state.lastListed, readAtMs)
      memory.lastListed.set(coin, Math.max(memory.lastListed.get(coin) ?? 0, listedMs))
    }
  }
}

/** The coin by which the exchange lists an account's contracts. */
function coinOf(
  category: Category,
  {
    baseCoin,
    settleCoin,
  }: { readonly baseCoin: string | null; readonly settleCoin: string | null },
): string | null {
  return category === 'option' ? baseCoin : settleCoin
}
