/** The values of a linear perpetual's ticker in the order in which a snapshot carries them. */
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

/** The name of a ticker value on the wire. */
export type TickerKey = (typeof TICKER_KEYS)[number]

const LAST_IN_DELTAS: readonly TickerKey[] = ['singleOpenInterest', 'singleOpenInterestValue']

/** The same values in the order in which deltas carry them: the youngest fields stand last. */
export const DELTA_KEYS: readonly TickerKey[] = [
  ...TICKER_KEYS.filter((key) => !LAST_IN_DELTAS.includes(key)),
  ...LAST_IN_DELTAS,
]

/** Whether a text names a ticker value. */
export function isTickerKey(name: string): name is TickerKey {
  return (TICKER_KEYS as readonly string[]).includes(name)
}
