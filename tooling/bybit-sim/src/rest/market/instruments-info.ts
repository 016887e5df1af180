import type { Category } from '@grid/core-events'
import type { ExchangeRules } from '../../base/rules.ts'
import type { Desk } from '../../market/desk.ts'
import { INSTRUMENT_STATUSES } from '../../market/listing.ts'
import type { RestScene } from '../request/endpoint.ts'
import type { Query } from '../request/query.ts'
import { badParameter } from '../request/refusal.ts'
import { instrumentRow } from './instrument-row.ts'

const CURSOR = /^first=([^&]*)&last=([^&]+)$/

/** `GET /v5/market/instruments-info`: contracts and options page by page, spot in one reply. */
export function instrumentsInfo(query: Query, { market, rules }: RestScene): object {
  const category = query.category()
  const symbol = query.text('symbol')
  const baseCoin = baseCoinOf(query, category, symbol, rules)
  const statuses = statusesOf(query, category, symbol, rules)
  const symbolType = query.text('symbolType')
  const rows = market
    .desks(category)
    .filter(({ listing }) => statuses === null || statuses.includes(listing.status))
    .filter(({ listing }) => listing.status !== 'Closed' || rules.delistedStatus !== null)
    .filter(({ instrument }) => symbol === '' || instrument.symbol === symbol)
    .filter(({ instrument }) => baseCoin === '' || instrument.baseCoin === baseCoin)
    .sort((a, b) => (a.instrument.symbol < b.instrument.symbol ? -1 : 1))
    .map((desk) => instrumentRow(desk, statusOf(desk, rules)))
    .filter((row) => symbolType === '' || row['symbolType'] === symbolType)
  if (category === 'spot') return { category, list: rows }
  const limit = query.limit(500, 1000)
  // A cursor that was encoded twice cannot be read, and gives the first page again.
  const [, , last = ''] = CURSOR.exec(query.text('cursor')) ?? []
  const rest = rows.filter((row) => row.symbol > last)
  const list = rest.slice(0, limit)
  const more = rest.length > limit
  const nextPageCursor = more
    ? encodeURIComponent(`first=${list[0]?.symbol}&last=${list.at(-1)?.symbol}`)
    : ''
  return { category, list, nextPageCursor }
}

/** The base coin to list; empty for all coins. */
function baseCoinOf(
  query: Query,
  category: Category,
  symbol: string,
  rules: ExchangeRules,
): string {
  const named = query.text('baseCoin')
  if (category !== 'option') return named
  if (named === 'All') return ''
  return named === '' && symbol === '' ? (rules.optionBaseCoin ?? '') : named
}

/** The statuses to list; null for all, as for a symbol that the request names. */
function statusesOf(
  query: Query,
  category: Category,
  symbol: string,
  { knowsPendingOpen, delistedStatus }: ExchangeRules,
): readonly string[] | null {
  const named = query.text('status')
  if (named !== '') {
    if (named === delistedStatus) return ['Closed']
    const known = INSTRUMENT_STATUSES.some((status) => status === named)
    if (!known || (named === 'PendingOpen' && !knowsPendingOpen)) {
      throw badParameter('params error: status is invalid')
    }
    return [named]
  }
  if (symbol !== '') return null
  if (category === 'option') return ['PreLaunch', 'Trading', 'Delivering']
  return knowsPendingOpen ? ['Trading', 'PendingOpen'] : ['Trading']
}

function statusOf({ listing }: Desk, { delistedStatus }: ExchangeRules): string {
  return listing.status === 'Closed' ? (delistedStatus ?? '') : listing.status
}
