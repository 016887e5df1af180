import { type Decimal, TICKER_FIELDS, type TickerEvent } from '@grid/core-events'
import type { TradeWitness } from '../dialect/channel-dialect.ts'

/** The fields that a trade changes. */
const TRADED = ['lastPrice', 'turnover24h', 'volume24h'] as const
const TRADED_BITS = TRADED.reduce((mask, name) => mask | (1 << TICKER_FIELDS[name].bit), 0)

/**
 * Tells from tickers whether their symbols trade: the last price changed, or a rolling sum grew.
 *
 * A rolling sum that shrinks only drops old trades. Mark prices and quotes move without trades.
 */
export class TickerTrades implements TradeWitness<TickerEvent> {
  readonly #previous = new Map<string, TickerEvent>()

  provesTrade(event: TickerEvent): boolean {
    // A ToInt32 of the mask keeps its lower 32 bits, which is where these are.
    if ((event.changed & TRADED_BITS) === 0) return false
    const previous = this.#previous.get(event.symbol)
    this.#previous.set(event.symbol, event)
    if (previous === undefined) return false
    return (
      (event.lastPrice !== previous.lastPrice && event.lastPrice !== null) ||
      isMore(event.volume24h, previous.volume24h) ||
      isMore(event.turnover24h, previous.turnover24h)
    )
  }

  forget(symbol: string): void {
    this.#previous.delete(symbol)
  }
}

/** Whether a rolling sum grew. Binary floats are exact enough here: nothing but a comparison comes of it. */
function isMore(after: Decimal | null, before: Decimal | null): boolean {
  return after !== before && after !== null && before !== null && Number(after) > Number(before)
}
