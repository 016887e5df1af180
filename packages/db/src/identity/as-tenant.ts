import { type Kysely, sql } from 'kysely'
import { inTransaction } from '../connection/transaction.ts'
import type { GridDatabase } from '../schema/database.ts'

/**
 * Runs work in a transaction in which row security shows the rows of one user only. It binds members of
 * `grid_reader` and `grid_owner`: outside of `asTenant` they see no user's rows at all.
 *
 * The setting (`grid.user_id`) ends with the transaction. In a caller's transaction it ends with the
 * work. So no pool or pooler hands it on to another user.
 *
 * @example
 * const states = await asTenant(db, userId, (trx) => trx.selectFrom('order_states').selectAll().execute())
 */
export function asTenant<Result>(
  db: Kysely<GridDatabase>,
  userId: string,
  work: (trx: Kysely<GridDatabase>) => Promise<Result>,
): Promise<Result> {
  return inTransaction(db, async (trx) => {
    const { rows } = await sql<{ before: string | null }>`
      select current_setting('grid.user_id', true) as before`.execute(trx)
    await setUser(trx, userId)
    try {
      return await work(trx)
    } finally {
      // A failed transaction refuses the statement, but also every read, so nothing leaks.
      if (db.isTransaction) await setUser(trx, rows[0]?.before ?? '').catch(ignore)
    }
  })
}

async function setUser(trx: Kysely<GridDatabase>, userId: string): Promise<void> {
  await sql`select set_config('grid.user_id', ${userId}, true)`.execute(trx)
}

function ignore(): void {}
