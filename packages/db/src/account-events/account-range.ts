import { EARLIEST_EXCHANGE_TS, LATEST_EXCHANGE_TS } from '@grid/core-events'
import { CompiledQuery, type Kysely } from 'kysely'
import { selectSql, type TextRow } from '../columns/column.ts'
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
  /** Rows fetched at once, and as many more as share the last one's instant. Default 1000. */
  readonly pageSize?: number
  /** Ends the reading with the signal's reason. */
  readonly signal?: AbortSignal
}

/** Reads rows of the user's accounts in total order, in pages that end with an instant. */
export async function* readAccountRange<Event extends StoredRow>(
  db: Kysely<GridDatabase>,
  target: EventTable<Event>,
  scope: TenantScope,
  conditions: readonly Condition[],
  { from, to, pageSize = 1000, signal }: TimeRange,
): AsyncGenerator<Attributed<Event>, void, undefined> {
  const { table } = target
  const columns = attributedColumns(target)
  // No event is outside these bounds, and PostgreSQL reads not every date of JavaScript.
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
    const lastInstant =
      `select exchange_ts from ${table} where ${where} ` +
      `order by ${table}.exchange_ts offset ${pageSize - 1} limit 1`
    const page =
      `${selectSql(table, columns)} where ${where} ` +
      `and ${table}.exchange_ts <= coalesce((${lastInstant}), 'infinity') ` +
      `order by ${[`${table}.exchange_ts`, ...target.order].join(', ')}`
    const { rows } = await db.executeQuery<TextRow>(CompiledQuery.raw(page, [...parameters]))
    for (const row of rows) {
      signal?.throwIfAborted()
      const event = attributedOf(target, row)
      next = event.exchangeTs + 1
      yield event
    }
    if (rows.length < pageSize) return
  }
}
