import type { BybitRestClient, CollectedPages, Instrument } from '@grid/bybit-adapter'
import type { Category } from '@grid/core-events'

type Reading = CollectedPages<Instrument>

/**
 * Reads which instruments of a category trade.
 *
 * For options the exchange lists those of BTC when no base coin is given, and those of every coin for
 * the base coin `All`. Some hosts do not know `All` yet (it is of September 2026) and answer it with
 * an empty list: as long as `All` has never found anything, the list without a base coin is taken.
 *
 * @example
 * const { items, end } = await new TradingInstruments(client, 'option').read()
 */
export class TradingInstruments {
  readonly #client: BybitRestClient
  readonly #category: Category
  #isAllKnown = false

  constructor(client: BybitRestClient, category: Category) {
    this.#client = client
    this.#category = category
  }

  async read(signal?: AbortSignal): Promise<Reading> {
    const query = { category: this.#category, status: 'Trading' } as const
    if (this.#category === 'option') {
      const whole = await this.#client
        .instrumentsInfo({ ...query, baseCoin: 'All' }, { signal })
        .all()
      this.#isAllKnown ||= whole.items.length > 0
      // A host that knows `All` means an empty list: without it, all other coins would seem delisted.
      if (this.#isAllKnown) return whole
    }
    return this.#client.instrumentsInfo(query, { signal }).all()
  }
}
