import type {
  BybitRestClient,
  CollectedPages,
  Instrument,
  InstrumentsQuery,
  PagesEnd,
} from '@grid/bybit-adapter'
import { type Category, nowMs, systemClock } from '@grid/core-events'

/** What the exchange lists of a category, in every state from before trading to delivery. */
export interface ListReading extends CollectedPages<Instrument> {
  /** False when the exchange may list more than it told: options of other coins. */
  readonly isWhole: boolean
}

/** In the order of an instrument's life: one that moves on while they are read is in two, not in none. */
const CONTRACT_LISTS: readonly Pick<InstrumentsQuery, 'status'>[] = [
  { status: 'PreLaunch' },
  // Without a status: those that trade and those that are about to open, which older hosts do not know.
  {},
  { status: 'Delivering' },
]

/**
 * Reads which instruments of a category are listed.
 *
 * For options the exchange lists those of BTC when no base coin is given, and those of every coin for
 * the base coin `All`. Some hosts do not know `All` yet (it is of September 2026) and answer it with
 * an empty list: as long as `All` has never found anything, the list without a base coin is taken. If
 * that is of one coin only, or of none, nobody knows whether there are others.
 *
 * @example
 * const { items, end } = await new TradingInstruments(client, 'option').read()
 * const symbols = items.filter((instrument) => isTraded(instrument)).map(({ symbol }) => symbol)
 */
export class TradingInstruments {
  readonly #client: BybitRestClient
  readonly #category: Category
  #isAllKnown = false

  constructor(client: BybitRestClient, category: Category) {
    this.#client = client
    this.#category = category
  }

  async read(signal?: AbortSignal): Promise<ListReading> {
    if (this.#category === 'option') return this.#readOptions(signal)
    if (this.#category === 'spot') return this.#list({}, signal)
    const readings: ListReading[] = []
    for (const query of CONTRACT_LISTS) readings.push(await this.#list(query, signal))
    return joined(readings)
  }

  async #readOptions(signal: AbortSignal | undefined): Promise<ListReading> {
    const whole = await this.#list({ baseCoin: 'All' }, signal)
    this.#isAllKnown ||= whole.items.length > 0
    // A host that knows `All` means an empty list: without it, all other coins would seem delisted.
    if (this.#isAllKnown) return whole
    const listed = await this.#list({}, signal)
    const coins = new Set(listed.items.map(({ baseCoin }) => baseCoin))
    return { ...listed, isWhole: coins.size > 1 }
  }

  async #list(
    query: Omit<InstrumentsQuery, 'category'>,
    signal?: AbortSignal,
  ): Promise<ListReading> {
    const category = this.#category
    const pages = await this.#client.instrumentsInfo({ category, ...query }, { signal }).all()
    return { ...pages, isWhole: true }
  }
}

/** Whether an instrument has trades, or is about to: a pre-market contract only in continuous trading. */
export function isTraded(
  { status, preListingInfo }: Instrument,
  atMs: number = nowMs(systemClock),
): boolean {
  if (status !== 'PreLaunch') return status === 'Trading' || status === 'PendingOpen'
  if (preListingInfo === null) return false
  const { curAuctionPhase, phases } = preListingInfo
  if (curAuctionPhase !== null) return curAuctionPhase === 'ContinuousTrading'
  return phases.some(
    ({ phase, startTime, endTime }) =>
      phase === 'ContinuousTrading' &&
      startTime !== null &&
      startTime <= atMs &&
      (endTime === null || atMs < endTime),
  )
}

/** Joins lists; of an instrument in several, the last one's counts, and of their ends the worst. */
function joined(readings: readonly ListReading[]): ListReading {
  const items = new Map(readings.flatMap(({ items }) => items).map((item) => [item.symbol, item]))
  const last = readings.at(-1)
  return {
    items: [...items.values()],
    deadLetters: readings.flatMap(({ deadLetters }) => deadLetters),
    end: readings.map(({ end }) => end).find(isShort) ?? 'last_page',
    exchangeTs: last?.exchangeTs ?? null,
    localTsUs: last?.localTsUs ?? null,
    isWhole: readings.every(({ isWhole }) => isWhole),
  }
}

function isShort(end: PagesEnd): boolean {
  return end !== 'last_page'
}
