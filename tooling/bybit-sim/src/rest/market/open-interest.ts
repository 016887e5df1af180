import { unitsText } from '../../base/decimal-text.ts'
import { hashText } from '../../base/random.ts'
import type { RestScene } from '../request/endpoint.ts'
import type { Query } from '../request/query.ts'
import { badParameter } from '../request/refusal.ts'

const MINUTE_MS = 60_000
const INTERVALS: { readonly [name: string]: number } = {
  '5min': 5 * MINUTE_MS,
  '15min': 15 * MINUTE_MS,
  '30min': 30 * MINUTE_MS,
  '1h': 60 * MINUTE_MS,
  '4h': 240 * MINUTE_MS,
  '1d': 1440 * MINUTE_MS,
}
const DECIMALS = 8
const CURSOR = /^lastid=\d+&lasttime=(\d+)$/

/** `GET /v5/market/open-interest`: page by page, newest first; derived from symbol and time only. */
export function openInterest(query: Query, { market, rules, now }: RestScene): object {
  const category = query.category(['linear', 'inverse'])
  const { instrument } = query.requiredDesk(market, category)
  const interval = INTERVALS[query.text('intervalTime')]
  if (interval === undefined) throw badParameter('params error: intervalTime invalid')
  const limit = query.limit(50, 200)
  const [, lastTime] = CURSOR.exec(query.text('cursor')) ?? []
  const before = lastTime === undefined ? Infinity : Number(lastTime) * 1000 - 1
  const from = Math.max(query.integer('startTime') ?? 0, instrument.launchTime)
  const until = Math.min(query.integer('endTime') ?? now, now, before)
  const list: object[] = []
  let at = until - (until % interval)
  for (; at >= from && list.length < limit; at -= interval) {
    list.push(rowOf(instrument.symbol, at, rules.singleSidedInterest))
  }
  const oldest = at + interval
  const nextPageCursor =
    at < from ? '' : encodeURIComponent(`lastid=${oldest / interval}&lasttime=${oldest / 1000}`)
  return { symbol: instrument.symbol, category, list, nextPageCursor }
}

function rowOf(symbol: string, at: number, isSingleSided: boolean): object {
  const units = 1e13 + hashText(`${symbol}/${at}`) * 100
  return {
    openInterest: unitsText(units, DECIMALS),
    ...(isSingleSided ? { singleOpenInterest: unitsText(Math.round(units / 2), DECIMALS) } : {}),
    timestamp: String(at),
  }
}
