import { trimmedText } from '../../base/decimal-text.ts'
import { hashText } from '../../base/random.ts'
import { FUNDING_INTERVAL_MS } from '../../market/contract-ticker.ts'
import type { Desk } from '../../market/desk.ts'
import type { RestScene } from '../request/endpoint.ts'
import type { Query } from '../request/query.ts'
import { badParameter } from '../request/refusal.ts'

/**
 * `GET /v5/market/funding/history`: settled rates, newest first.
 *
 * Rates settled since the start are those of the ticker; earlier ones are derived from symbol and time.
 */
export function fundingHistory(query: Query, { market, now }: RestScene): object {
  const category = query.category(['linear', 'inverse'])
  const desk = query.requiredDesk(market, category)
  const start = query.integer('startTime')
  const end = query.integer('endTime')
  const limit = query.limit(200, 200)
  if (start !== null && end === null) throw badParameter('params error: endTime is required')
  if (desk.fundingRate === null) return { category, list: [] }
  const from = Math.max(start ?? 0, desk.instrument.launchTime)
  const until = Math.min(end ?? now, now)
  const list: object[] = []
  for (let at = until - (until % FUNDING_INTERVAL_MS); at >= from; at -= FUNDING_INTERVAL_MS) {
    if (list.length === limit) break
    list.push(rowOf(desk, at))
  }
  return { category, list }
}

function rowOf({ instrument, settledFunding }: Desk, at: number): object {
  const { symbol } = instrument
  const rate = settledFunding.get(at) ?? (hashText(`${symbol}/${at}`) % 40_000) - 10_000
  return { symbol, fundingRate: trimmedText(rate, 8), fundingRateTimestamp: String(at) }
}
