import { CompiledQuery, type Kysely, sql } from 'kysely'
import { sqlText } from '../columns/sql-text.ts'
import type { GridDatabase } from '../schema/database.ts'
import { ACCOUNT_TABLES } from '../tables/account-tables.ts'

/**
 * The tables whose rows belong to runs, each with SQL of a row's category and symbol: null in tables
 * whose rows are of no instrument, such as wallets.
 */
const ATTRIBUTED = Object.values(ACCOUNT_TABLES).flatMap(({ table, derives, columns }) => {
  const termOf = (column: string): string =>
    columns.some(({ name }) => name === column) ? `t.${column}` : 'null'
  const tables = derives === undefined ? [table] : [table, derives.table]
  return tables.map((name) => ({
    table: name,
    category: termOf('category'),
    symbol: termOf('symbol'),
  }))
})

/**
 * Finds the run of stored rows that have none, from `since` on, in epoch milliseconds; gives the number
 * of rows that got one. A trigger finds a row's run when it is stored: this is for runs that became
 * known later.
 */
export async function attributeEvents(db: Kysely<GridDatabase>, since: number): Promise<number> {
  let attributed = 0
  for (const { table, category, symbol } of ATTRIBUTED) {
    const { numAffectedRows } = await db.executeQuery(
      CompiledQuery.raw(
        sqlText`
          update ${table} t
          set run_id = found.run_id
          from (
            select t.ctid,
              grid_run_of(t.account_id, ${category}, ${symbol}, t.exchange_ts) as run_id
            from ${table} t
            -- $1: since
            where t.run_id is null and t.exchange_ts >= $1::timestamptz
              and t.account_id in (select account_id from runs)
          ) found
          where found.ctid = t.ctid and t.run_id is null and found.run_id is not null`,
        [new Date(since).toISOString()],
      ),
    )
    attributed += Number(numAffectedRows ?? 0n)
  }
  return attributed
}

/** Removes from ended runs the events at or after their end: a run may end in the past. */
export async function releaseEventsAfter(
  trx: Kysely<GridDatabase>,
  runIds: readonly string[],
): Promise<void> {
  if (runIds.length === 0) return
  for (const { table } of ATTRIBUTED) {
    await sql`update ${sql.table(table)} t
      set run_id = null
      from runs
      where runs.run_id = any(${`{${runIds.join(',')}}`}::uuid[]) and t.run_id = runs.run_id
        and t.exchange_ts >= runs.end_ts`.execute(trx)
  }
}
