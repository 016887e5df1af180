import { isKept, PREDECESSOR_FILTER, type PrivateFilter } from '@grid/bybit-adapter'
import type { Config } from '../config/config.ts'
import type { ArrivedRows } from '../pipeline/arrived.ts'

/** What the setting keeps of accounts; undefined for everything. */
export function accountFilterOf({
  accountFilter,
}: Pick<Config, 'accountFilter'>): PrivateFilter | undefined {
  return accountFilter === 'predecessor' ? PREDECESSOR_FILTER : undefined
}

/** The rows of a reply as the account's socket would give them: without those that the filter leaves out. */
export function keptRows(rows: ArrivedRows, filter: PrivateFilter | undefined): ArrivedRows {
  if (filter === undefined) return rows
  const events = rows.events.filter((event) => !('accountId' in event) || isKept(filter, event))
  const kept = new Set(events)
  return { ...rows, events, filtered: rows.events.filter((event) => !kept.has(event)) }
}
