import { type Kysely, sql } from 'kysely'
import { DatabaseError } from '../errors.ts'
import type { GridDatabase } from '../schema/database.ts'

/**
 * Throws `TENANTS_HIDDEN` when row security hides other users from this login. Without this check hidden
 * rows would look like none: accounts would not be captured, and what waits for an operator would not be seen.
 */
export async function assertSeesAll(db: Kysely<GridDatabase>): Promise<void> {
  const { rows } = await sql<{ is_bound: boolean; me: string }>`
    select row_security_active('users') and not grid_ingests() as is_bound,
      current_user::text as me`.execute(db)
  const [row] = rows
  if (row === undefined || !row.is_bound) return
  throw new DatabaseError(
    'TENANTS_HIDDEN',
    `row security shows ${row.me} the rows of one user only, but all are needed: grant it grid_writer`,
    { context: { role: row.me } },
  )
}
