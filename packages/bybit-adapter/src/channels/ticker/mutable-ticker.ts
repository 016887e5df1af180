import {
  type Category,
  TICKER_FIELD_NAMES,
  type TickerEvent,
  type TickerFieldName,
} from '@grid/core-events'

/** A ticker event while it is being merged; each value can be looked up by its name. */
export type MutableTicker = { -readonly [Name in keyof TickerEvent]: TickerEvent[Name] } & Record<
  TickerFieldName,
  string | number | null
>

// Sound: every name has its null.
const NOTHING = Object.fromEntries(TICKER_FIELD_NAMES.map((name) => [name, null])) as Readonly<
  Record<TickerFieldName, null>
>

/** A ticker without any values. */
export function emptyTicker(category: Category, symbol: string): MutableTicker {
  return copyTicker({
    ...NOTHING,
    channel: 'ticker',
    category,
    symbol,
    exchangeTs: 0,
    localTsUs: 0,
    source: 'ws',
    seq: 0,
    isSnapshot: false,
    changed: 0,
    extra: null,
  })
}

/** Copies a ticker. Spelled out: that takes half the time of a spread, and all copies share a hidden class. */
export function copyTicker(from: TickerEvent): MutableTicker {
  return {
    channel: from.channel,
    category: from.category,
    symbol: from.symbol,
    exchangeTs: from.exchangeTs,
    localTsUs: from.localTsUs,
    source: from.source,
    seq: from.seq,
    isSnapshot: from.isSnapshot,
    changed: from.changed,
    extra: from.extra,
    tickDirection: from.tickDirection,
    lastPrice: from.lastPrice,
    price24hPcnt: from.price24hPcnt,
    prevPrice24h: from.prevPrice24h,
    highPrice24h: from.highPrice24h,
    lowPrice24h: from.lowPrice24h,
    prevPrice1h: from.prevPrice1h,
    markPrice: from.markPrice,
    indexPrice: from.indexPrice,
    openInterest: from.openInterest,
    openInterestValue: from.openInterestValue,
    singleOpenInterest: from.singleOpenInterest,
    singleOpenInterestValue: from.singleOpenInterestValue,
    turnover24h: from.turnover24h,
    volume24h: from.volume24h,
    bid1Price: from.bid1Price,
    bid1Size: from.bid1Size,
    ask1Price: from.ask1Price,
    ask1Size: from.ask1Size,
    nextFundingTime: from.nextFundingTime,
    fundingRate: from.fundingRate,
    fundingIntervalHour: from.fundingIntervalHour,
    fundingCap: from.fundingCap,
    deliveryTime: from.deliveryTime,
    basisRate: from.basisRate,
    basisRateYear: from.basisRateYear,
    deliveryFeeRate: from.deliveryFeeRate,
    predictedDeliveryPrice: from.predictedDeliveryPrice,
    basis: from.basis,
    preOpenPrice: from.preOpenPrice,
    preQty: from.preQty,
    curPreListingPhase: from.curPreListingPhase,
    usdIndexPrice: from.usdIndexPrice,
    bid1Iv: from.bid1Iv,
    ask1Iv: from.ask1Iv,
    markIv: from.markIv,
    underlyingPrice: from.underlyingPrice,
    totalVolume: from.totalVolume,
    totalTurnover: from.totalTurnover,
    delta: from.delta,
    gamma: from.gamma,
    vega: from.vega,
    theta: from.theta,
    change24h: from.change24h,
  }
}

type Setter = (ticker: MutableTicker, value: never) => void

/**
 * A setter for each field, spelled out: far faster than `ticker[name] = value`.
 *
 * A value must have been read by the field's own reader.
 */
export const TICKER_SETTERS: { readonly [Name in TickerFieldName]: Setter } = {
  tickDirection: (ticker, value) => {
    ticker.tickDirection = value
  },
  lastPrice: (ticker, value) => {
    ticker.lastPrice = value
  },
  price24hPcnt: (ticker, value) => {
    ticker.price24hPcnt = value
  },
  prevPrice24h: (ticker, value) => {
    ticker.prevPrice24h = value
  },
  highPrice24h: (ticker, value) => {
    ticker.highPrice24h = value
  },
  lowPrice24h: (ticker, value) => {
    ticker.lowPrice24h = value
  },
  prevPrice1h: (ticker, value) => {
    ticker.prevPrice1h = value
  },
  markPrice: (ticker, value) => {
    ticker.markPrice = value
  },
  indexPrice: (ticker, value) => {
    ticker.indexPrice = value
  },
  openInterest: (ticker, value) => {
    ticker.openInterest = value
  },
  openInterestValue: (ticker, value) => {
    ticker.openInterestValue = value
  },
  singleOpenInterest: (ticker, value) => {
    ticker.singleOpenInterest = value
  },
  singleOpenInterestValue: (ticker, value) => {
    ticker.singleOpenInterestValue = value
  },
  turnover24h: (ticker, value) => {
    ticker.turnover24h = value
  },
  volume24h: (ticker, value) => {
    ticker.volume24h = value
  },
  bid1Price: (ticker, value) => {
    ticker.bid1Price = value
  },
  bid1Size: (ticker, value) => {
    ticker.bid1Size = value
  },
  ask1Price: (ticker, value) => {
    ticker.ask1Price = value
  },
  ask1Size: (ticker, value) => {
    ticker.ask1Size = value
  },
  nextFundingTime: (ticker, value) => {
    ticker.nextFundingTime = value
  },
  fundingRate: (ticker, value) => {
    ticker.fundingRate = value
  },
  fundingIntervalHour: (ticker, value) => {
    ticker.fundingIntervalHour = value
  },
  fundingCap: (ticker, value) => {
    ticker.fundingCap = value
  },
  deliveryTime: (ticker, value) => {
    ticker.deliveryTime = value
  },
  basisRate: (ticker, value) => {
    ticker.basisRate = value
  },
  basisRateYear: (ticker, value) => {
    ticker.basisRateYear = value
  },
  deliveryFeeRate: (ticker, value) => {
    ticker.deliveryFeeRate = value
  },
  predictedDeliveryPrice: (ticker, value) => {
    ticker.predictedDeliveryPrice = value
  },
  basis: (ticker, value) => {
    ticker.basis = value
  },
  preOpenPrice: (ticker, value) => {
    ticker.preOpenPrice = value
  },
  preQty: (ticker, value) => {
    ticker.preQty = value
  },
  curPreListingPhase: (ticker, value) => {
    ticker.curPreListingPhase = value
  },
  usdIndexPrice: (ticker, value) => {
    ticker.usdIndexPrice = value
  },
  bid1Iv: (ticker, value) => {
    ticker.bid1Iv = value
  },
  ask1Iv: (ticker, value) => {
    ticker.ask1Iv = value
  },
  markIv: (ticker, value) => {
    ticker.markIv = value
  },
  underlyingPrice: (ticker, value) => {
    ticker.underlyingPrice = value
  },
  totalVolume: (ticker, value) => {
    ticker.totalVolume = value
  },
  totalTurnover: (ticker, value) => {
    ticker.totalTurnover = value
  },
  delta: (ticker, value) => {
    ticker.delta = value
  },
  gamma: (ticker, value) => {
    ticker.gamma = value
  },
  vega: (ticker, value) => {
    ticker.vega = value
  },
  theta: (ticker, value) => {
    ticker.theta = value
  },
  change24h: (ticker, value) => {
    ticker.change24h = value
  },
}
