import { trimmedText } from '../../base/decimal-text.ts'
import { turnoverDecimals } from '../../market/instrument.ts'
import type { RestScene } from '../request/endpoint.ts'
import type { Query } from '../request/query.ts'
import { badParameter } from '../request/refusal.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const MINUTES = ['1', '3', '5', '15', '30', '60', '120', '240', '360', '720']
/** The first Monday of the epoch. */
const MONDAY_MS = 4 * DAY_MS

/** `GET /v5/market/kline`: candles summed from the streamed trades, newest first. */
export function kline(query: Query, { market, now }: RestScene): object {
  const category = query.category(['linear', 'inverse', 'spot'], 'linear')
  const { instrument, candles } = query.requiredDesk(market, category)
  const startOf = startsOf(query.text('interval'))
  const start = query.integer('start')
  const end = query.integer('end')
  const limit = query.limit(200, 1000)
  const inRange = candles
    .merged(startOf, now)
    .filter((candle) => candle.start >= (start ?? 0) && candle.start <= (end ?? Infinity))
  const page = start !== null && end === null ? inRange.slice(0, limit) : inRange.slice(-limit)
  const { priceDecimals, sizeDecimals } = instrument
  const list = page
    .reverse()
    .map((candle) => [
      String(candle.start),
      trimmedText(candle.open, priceDecimals),
      trimmedText(candle.high, priceDecimals),
      trimmedText(candle.low, priceDecimals),
      trimmedText(candle.close, priceDecimals),
      trimmedText(candle.volume, sizeDecimals),
      trimmedText(candle.turnover, turnoverDecimals(instrument)),
    ])
  return { category, symbol: instrument.symbol, list }
}

/** Gives, for an interval, the function from a time to the start of its candle. */
function startsOf(interval: string): (ts: number) => number {
  if (MINUTES.includes(interval)) {
    const length = Number(interval) * MINUTE_MS
    return (ts) => ts - (ts % length)
  }
  switch (interval) {
    case 'D':
      return (ts) => ts - (ts % DAY_MS)
    case 'W':
      return (ts) => ts - ((ts - MONDAY_MS) % (7 * DAY_MS))
    case 'M':
      return (ts) => Date.UTC(new Date(ts).getUTCFullYear(), new Date(ts).getUTCMonth())
    default:
      throw badParameter('Invalid period!')
  }
}
