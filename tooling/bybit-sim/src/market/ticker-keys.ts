/** The keys of a linear perpetual's ticker, in the order in which a snapshot carries them. */
export const TICKER_KEYS = [
  'tickDirection',
  'price24hPcnt',
  'lastPrice',
  'prevPrice24h',
  'highPrice24h',
  'lowPrice24h',
  'prevPrice1h',
  'markPrice',
  'indexPrice',
  'openInterest',
  'openInterestValue',
  'turnover24h',
  'volume24h',
  'fundingIntervalHour',
  'fundingCap',
  'singleOpenInterest',
  'singleOpenInterestValue',
  'nextFundingTime',
  'fundingRate',
  'bid1Price',
  'bid1Size',
  'ask1Price',
  'ask1Size',
  'preOpenPrice',
  'preQty',
  'curPreListingPhase',
] as const

/** A key of a linear perpetual's ticker. */
export type TickerKey = (typeof TICKER_KEYS)[number]

const PRE_LISTING_KEYS: readonly string[] = ['preOpenPrice', 'preQty', 'curPreListingPhase']
const FUNDING_KEYS: readonly string[] = ['fundingIntervalHour', 'fundingCap']
const DELIVERY_KEYS: readonly string[] = [
  'deliveryTime',
  'basisRate',
  'basisRateYear',
  'deliveryFeeRate',
  'predictedDeliveryPrice',
  'basis',
]

/** The keys of an inverse perpetual: those of linear ones without the keys of pre-listed contracts. */
export const INVERSE_KEYS: readonly string[] = TICKER_KEYS.filter(
  (key) => !PRE_LISTING_KEYS.includes(key),
)

/** The keys of a dated future: delivery in place of funding. */
export const DATED_KEYS: readonly string[] = INVERSE_KEYS.flatMap((key) => {
  if (FUNDING_KEYS.includes(key)) return []
  return key === 'singleOpenInterest' ? [...DELIVERY_KEYS, key] : [key]
})

/** The keys that contracts got last, in June 2026. */
export const SINGLE_SIDED_KEYS: readonly string[] = [
  'singleOpenInterest',
  'singleOpenInterestValue',
]

/** The order in which deltas carry keys: the newest keys stand last. */
export function deltaOrder(keys: readonly string[]): readonly string[] {
  return [
    ...keys.filter((key) => !SINGLE_SIDED_KEYS.includes(key)),
    ...keys.filter((key) => SINGLE_SIDED_KEYS.includes(key)),
  ]
}

/** The keys of a spot ticker. */
export const SPOT_KEYS = [
  'lastPrice',
  'highPrice24h',
  'lowPrice24h',
  'prevPrice24h',
  'volume24h',
  'turnover24h',
  'price24hPcnt',
  'usdIndexPrice',
] as const

/** The keys of an option's ticker. */
export const OPTION_KEYS = [
  'bidPrice',
  'bidSize',
  'bidIv',
  'askPrice',
  'askSize',
  'askIv',
  'lastPrice',
  'highPrice24h',
  'lowPrice24h',
  'markPrice',
  'indexPrice',
  'markPriceIv',
  'underlyingPrice',
  'openInterest',
  'turnover24h',
  'volume24h',
  'totalVolume',
  'totalTurnover',
  'delta',
  'gamma',
  'vega',
  'theta',
  'predictedDeliveryPrice',
  'change24h',
] as const
