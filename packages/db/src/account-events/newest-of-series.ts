import { CompiledQuery, type Kysely } from 'kysely'
import { believableSql, isBelievableSql } from '../columns/believable-sql.ts'
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
  ownRowsSql,
} from './account-rows.ts'

/** The series of an account whose newest rows are wanted. */
export interface NewestQuery {
  readonly accountId: string
  /** The columns that tell an account's series apart: those of the key between account and time. */
  readonly series: readonly string[]
  readonly conditions: readonly Condition[]
  /** SQL terms that order the rows of one instant, the newest first. */
  readonly newest: readonly string[]
}

/**
 * Reads the newest row of each series of an account that meets the conditions, ordered by series. A
 * series is a leg of a position, or a coin of a wallet.
 *
 * What it costs depends on the number of series, not of rows: one step down the primary key finds the
 * next series, another its newest row.
 */
export async function readNewestOfSeries<Event extends StoredRow>(
  db: Kysely<GridDatabase>,
  target: EventTable<Event>,
  scope: TenantScope,
  query: NewestQuery,
): Promise<Attributed<Event>[]> {
  const { table } = target
  const { sql: where, parameters } = ownRowsSql(table, scope, query)
  const account = `${table}.account_id = $${parameters.length + 1}::uuid`
  const { rows } = await db.executeQuery<TextRow>(
    CompiledQuery.raw(newestOfSeriesSql(target, query, { account, where }), [
      ...parameters,
      query.accountId,
    ]),
  )
  return rows.map((row) => attributedOf(target, row))
}

function newestOfSeriesSql<Event extends StoredRow>(
  target: EventTable<Event>,
  { series, newest }: NewestQuery,
  { account, where }: { readonly account: string; readonly where: string },
): string {
  const { table } = target
  const columns = series.map((column) => `${table}.${column}`).join(', ')
  const keys = series.map((_, index) => `key${index}`)
  const found = keys.map((key) => `series.${key}`).join(', ')
  const isOfSeries = sqlText`
    ${account}
      and (${columns}) = (${found})
      and ${where}`
  // The newest believable instant is found first, by the order of the key alone. Ordered by more, a table
  // that was not analyzed yet makes the planner sort the whole series. Rows after it have absurd times and
  // count from their receipt: they must neither hide the later rows, nor be lost where the clock is wrong.
  return sqlText`
    with recursive series (${keys.join(', ')}) as (
      (
        select ${columns}
        from ${table}
        where ${account}
        order by ${columns}
        limit 1
      )
      union all
      select following.*
      from series
      cross join lateral (
        select ${columns}
        from ${table}
        where ${account}
          and (${columns}) > (${found})
        order by ${columns}
        limit 1
      ) as following
    )
    select
      ${selectListSql(attributedColumns(target))}
    from series
    cross join lateral (
      select ${table}.*
      from ${table}
      where ${isOfSeries}
        and ${table}.exchange_ts >= coalesce(
          (
            select ${table}.exchange_ts
            from ${table}
            where ${isOfSeries}
              and ${isBelievableSql(table)}
            order by ${table}.exchange_ts desc
            limit 1
          ),
          '-infinity'
        )
      order by ${[`${believableSql(table)} desc`, ...newest].join(', ')}
      limit 1
    ) as ${table}
    order by ${columns}`
}
