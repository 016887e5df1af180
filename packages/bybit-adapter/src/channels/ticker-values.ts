import {
  type Category,
  isSymbol,
  type JsonObject,
  parseDecimal,
  parseOptionalTs,
  TICKER_FIELD_NAMES,
  TICKER_FIELDS,
  type TickerEvent,
  type TickerFieldKind,
  type TickerFieldName,
} from '@grid/core-events'

/** A ticker field's place in the bitmask, as a weight, and its reader. */
export interface TickerFieldReader {
  readonly name: TickerFieldName
  readonly weight: number
  /** The value; null for "not applicable", undefined when unreadable. */
  readonly read: (value: unknown) => string | number | null | undefined
}

const READERS: { readonly [Kind in TickerFieldKind]: TickerFieldReader['read'] } = {
  decimal: parseDecimal,
  timestamp: parseOptionalTs,
  text: (value) => (value === '' ? null : isSymbol(value) ? value : undefined),
}

/** All known fields by their name on the wire. */
export const TICKER_READERS: ReadonlyMap<string, TickerFieldReader> = new Map(
  TICKER_FIELD_NAMES.map((name) => {
    const { bit, kind } = TICKER_FIELDS[name]
    return [name, { name, weight: 2 ** bit, read: READERS[kind] }]
  }),
)

/** The option socket's own names; REST has the common ones. */
const OPTION_NAMES: ReadonlyMap<string, string> = new Map([
  ['bid1Price', 'bidPrice'],
  ['bid1Size', 'bidSize'],
  ['bid1Iv', 'bidIv'],
  ['ask1Price', 'askPrice'],
  ['ask1Size', 'askSize'],
  ['ask1Iv', 'askIv'],
  ['markIv', 'markPriceIv'],
])

/** All known fields by their name on an option socket. */
export const OPTION_TICKER_READERS: ReadonlyMap<string, TickerFieldReader> = new Map(
  [...TICKER_READERS].map(([name, reader]) => [OPTION_NAMES.get(name) ?? name, reader]),
)

/** A ticker event while it is being merged; any value may be looked up by its name. */
export type MutableTicker = { -readonly [Name in keyof TickerEvent]: TickerEvent[Name] } & Record<
  TickerFieldName,
  string | number | null
>

/**
 * A ticker of which nothing is known.
 *
 * Spelled out, so that all tickers share one hidden class and are copied as a block: an object
 * that is built key by key becomes a hash table.
 */
export function emptyTicker(category: Category, symbol: string): MutableTicker {
  return {
    channel: 'ticker',
    category,
    symbol,
    exchangeTs: 0,
    localTsUs: 0,
    source: 'ws',
    seq: 0,
    isSnapshot: false,
    changed: 0,
    extra: null as JsonObject | null,
    tickDirection: null,
    lastPrice: null,
    price24hPcnt: null,
    prevPrice24h: null,
    highPrice24h: null,
    lowPrice24h: null,
    prevPrice1h: null,
    markPrice: null,
    indexPrice: null,
    openInterest: null,
    openInterestValue: null,
    singleOpenInterest: null,
    singleOpenInterestValue: null,
    turnover24h: null,
    volume24h: null,
    bid1Price: null,
    bid1Size: null,
    ask1Price: null,
    ask1Size: null,
    nextFundingTime: null,
    fundingRate: null,
    fundingIntervalHour: null,
    fundingCap: null,
    deliveryTime: null,
    basisRate: null,
    basisRateYear: null,
    deliveryFeeRate: null,
    predictedDeliveryPrice: null,
    basis: null,
    preOpenPrice: null,
    preQty: null,
    curPreListingPhase: null,
    usdIndexPrice: null,
    bid1Iv: null,
    ask1Iv: null,
    markIv: null,
    underlyingPrice: null,
    totalVolume: null,
    totalTurnover: null,
    delta: null,
    gamma: null,
    vega: null,
    theta: null,
    change24h: null,
  }
}
