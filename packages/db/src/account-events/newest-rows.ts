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
  ownRowsSql,
} from './account-rows.ts'

/** Of which series of an account the newest row is wanted. */
export interface NewestQuery {
  readonly accountId: string
  /** What tells an account's series apart: the columns of the key between account and time. */
  readonly series: readonly string[]
  readonly conditions: readonly Condition[]
  /** SQL that tells the newest among rows of one instant, first. */
  readonly newest: readonly string[]
}

/**
 * Reads the newest row of each series of an account that meets the conditions, by series: a leg of a
 * position, a coin of a wallet.
 *
 * Each series is found by one step down the primary key from the one before, and its newest row by
 * another, so that it does not matter how many rows there are.
 */
export async function readNewestRows<Event extends StoredRow>(
  db: Kysely<GridDatabase>,
  target: EventTable<Event>,
  scope: TenantScope,
  { accountId, series, conditions, newest }: NewestQuery,
): Promise<Attributed<Event>[]> {
  const { table } = target
  const { sql: where, parameters } = ownRowsSql(table, scope, { conditions })
  const account = `${table}.account_id = $${parameters.length + 1}::uuid`
  const names = series.map((_, index) => `key${index}`).join(', ')
  const columns = series.map((column) => `${table}.${column}`).join(', ')
  const found = series.map((_, index) => `series.key${index}`).join(', ')
  const first = (after: string) =>
    `select ${columns} from ${table} where ${account}${after} order by ${columns} limit 1`
  const matches = `${account} and (${columns}) = (${found}) and ${where}`
  // The instant first, for which the key's order is enough: a sort by more makes the planner sort the
  // whole series in a table that was not analyzed yet.
  const lastInstant =
    `select ${table}.exchange_ts from ${table} where ${matches} ` +
    `order by ${table}.exchange_ts desc limit 1`
  const sql =
    `with recursive series (${names}) as ((${first('')}) union all ` +
    `select following.* from series cross join lateral ` +
    `(${first(` and (${columns}) > (${found})`)}) as following) ` +
    `${selectSql('series', attributedColumns(target))} cross join lateral (` +
    `select ${table}.* from ${table} ` +
    `where ${matches} and ${table}.exchange_ts = (${lastInstant}) ` +
    `order by ${newest.join(', ')} limit 1) as ${table} order by ${columns}`
  const { rows } = await db.executeQuery<TextRow>(
    CompiledQuery.raw(sql, [...parameters, accountId]),
  )
  return rows.map((row) => attributedOf(target, row))
}
