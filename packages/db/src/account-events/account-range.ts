import { EARLIEST_EXCHANGE_TS, LATEST_EXCHANGE_TS } from '@grid/core-events'
import { CompiledQuery, type Kysely } from 'kysely'
import { selectListSql, type TextRow } from '../columns/column.ts'
import { sqlText } from '../columns/sql-text.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { TenantScope } from '../schema/tenant-scope.ts'
import type { EventTable, StoredRow } from '../tables/shape/event-table.ts'
import {
  type Attributed,
  attributedColumns,
  attributedOf,
  type Condition,
  instant,
  ownRowsSql,
} from './account-rows.ts'

/** An interval of exchange time, and how it is read. */
export interface TimeRange {
  /** First exchange time in epoch milliseconds, inclusive. */
  readonly from: number
  /** End in epoch milliseconds, exclusive. */
  readonly to: number
  /** Rows fetched at once, plus those that share the last one's exchange time. Default 1000. */
  readonly pageSize?: number
  /** Ends the reading with the signal's reason. */
  readonly signal?: AbortSignal
}

/**
 * Reads rows of the user's accounts in total order, page by page. A page ends with a whole instant, so
 * that the next one starts at the instant after it.
 */
export async function* readAccountRange<Event extends StoredRow>(
  db: Kysely<GridDatabase>,
  target: EventTable<Event>,
  scope: TenantScope,
  conditions: readonly Condition[],
  { from, to, pageSize = 1000, signal }: TimeRange,
): AsyncGenerator<Attributed<Event>, void, undefined> {
  const { table } = target
  // No event lies outside these bounds, and PostgreSQL refuses some dates that JavaScript has.
  const end = Math.min(to, LATEST_EXCHANGE_TS)
  let next = Math.max(from, EARLIEST_EXCHANGE_TS)
  while (next < end) {
    signal?.throwIfAborted()
    const { sql: where, parameters } = ownRowsSql(table, scope, {
      conditions: [
        ...conditions,
        { column: 'exchange_ts', type: 'timestamptz', operator: '>=', value: instant(next) },
        { column: 'exchange_ts', type: 'timestamptz', operator: '<', value: instant(end) },
      ],
    })
    const { rows } = await db.executeQuery<TextRow>(
      CompiledQuery.raw(accountPageSql(target, where, pageSize), [...parameters]),
    )
    for (const row of rows) {
      signal?.throwIfAborted()
      const event = attributedOf(target, row)
      next = event.exchangeTs + 1
      yield event
    }
    if (rows.length < pageSize) return
  }
}

/** SQL of the first rows that meet a condition: `pageSize`, and those of the last one's instant. */
function accountPageSql<Event extends StoredRow>(
  target: EventTable<Event>,
  where: string,
  pageSize: number,
): string {
  const { table, order } = target
  return sqlText`
    select
      ${selectListSql(attributedColumns(target))}
    from ${table}
    where ${where}
      and ${table}.exchange_ts <= coalesce(
        (
          select exchange_ts
          from ${table}
          where ${where}
          order by ${table}.exchange_ts
          offset ${String(pageSize - 1)}
          limit 1
        ),
        'infinity'
      )
    order by ${[`${table}.exchange_ts`, ...order].join(', ')}`
}
