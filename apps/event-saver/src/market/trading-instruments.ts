import type { BybitRestClient, CollectedPages, Instrument } from '@grid/bybit-adapter'
import type { Category } from '@grid/core-events'

type Reading = CollectedPages<Instrument>

/**
 * Reads which instruments of a category trade.
 *
 * Of options the exchange lists BTC's alone when it is not told a coin, and every coin's on `All`. That
 * word is younger (September 2026) than some hosts that speak for it: where it never found anything,
 * the list without it is taken.
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
      // An empty answer once it was known would otherwise look as if all other coins delisted.
      if (this.#isAllKnown) return whole
    }
    return this.#client.instrumentsInfo(query, { signal }).all()
  }
}
