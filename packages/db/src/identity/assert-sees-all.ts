import { type Kysely, sql } from 'kysely'
import { DatabaseError } from '../errors.ts'
import type { GridDatabase } from '../schema/database.ts'

/**
 * Makes sure that row security hides no tenant from this login: what looks like no accounts would
 * be some that nobody captures, and secrets that are never encrypted anew.
 *
 * Throws `TENANTS_HIDDEN`.
 */
export async function assertSeesAll(db: Kysely<GridDatabase>): Promise<void> {
  const { rows } = await sql<{ is_bound: boolean; me: string }>`
    select row_security_active('users') and not grid_ingests() as is_bound,
      current_user::text as me`.execute(db)
  const [row] = rows
  if (row === undefined || !row.is_bound) return
  throw new DatabaseError(
    'TENANTS_HIDDEN',
    `row security shows ${row.me} one user's rows at a time, and this is for all: grant it grid_writer`,
    { context: { role: row.me } },
  )
}
