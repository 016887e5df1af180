import { type Kysely, sql } from 'kysely'
import type { GridDatabase } from '../../src/index.ts'

/** The time by the database's clock, in epoch milliseconds. */
export async function nowOf(db: Kysely<GridDatabase>): Promise<number> {
  const { rows } = await sql<{ now: string }>`
    select (extract(epoch from now()) * 1000)::bigint::text as now`.execute(db)
  return Number(rows[0]?.now)
}
