import { CompiledQuery, type Kysely, sql } from 'kysely'
import type { GridDatabase } from '../schema/database.ts'

/** The tables whose rows belong to runs, and the SQL of the symbol and category of their rows. */
const ATTRIBUTED = {
  private_executions: ['t.category', 't.symbol'],
  orders: ['t.category', 't.symbol'],
  order_states: ['t.category', 't.symbol'],
  position_snapshots: ['t.category', 't.symbol'],
  wallet_snapshots: ['null', 'null'],
  account_transactions: ['t.category', 't.symbol'],
} as const

/** The tables whose rows belong to runs. */
const ATTRIBUTED_TABLES: readonly (keyof typeof ATTRIBUTED)[] = Object.keys(
  ATTRIBUTED,
) as (keyof typeof ATTRIBUTED)[]

/**
 * Gives rows that have no run the run that was going on at their time, from a time on in epoch
 * milliseconds; gives their number. Rows are given their run as they are stored: this is for runs
 * that became known later.
 */
export async function attributeEvents(db: Kysely<GridDatabase>, since: number): Promise<number> {
  let attributed = 0
  for (const table of ATTRIBUTED_TABLES) {
    const [category, symbol] = ATTRIBUTED[table]
    const { numAffectedRows } = await db.executeQuery(
      CompiledQuery.raw(
        `update ${table} t set run_id = found.run_id from (
          select t.ctid, grid_run_of(t.account_id, ${category}, ${symbol}, t.exchange_ts) as run_id
          from ${table} t
          where t.run_id is null and t.exchange_ts >= $1::timestamptz
            and t.account_id in (select account_id from runs)
        ) found where found.ctid = t.ctid and t.run_id is null and found.run_id is not null`,
        [new Date(since).toISOString()],
      ),
    )
    attributed += Number(numAffectedRows ?? 0n)
  }
  return attributed
}

/** Takes the events from their end on away from runs that ended in the past. */
export async function releaseEventsAfter(
  trx: Kysely<GridDatabase>,
  runIds: readonly string[],
): Promise<void> {
  if (runIds.length === 0) return
  for (const table of ATTRIBUTED_TABLES) {
    await sql`update ${sql.table(table)} t set run_id = null from runs
      where runs.run_id = any(${`{${runIds.join(',')}}`}::uuid[]) and t.run_id = runs.run_id
        and t.exchange_ts >= runs.end_ts`.execute(trx)
  }
}
