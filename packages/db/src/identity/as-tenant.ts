import { type Kysely, sql } from 'kysely'
import { inTransaction } from '../connection/transaction.ts'
import type { GridDatabase } from '../schema/database.ts'

/**
 * Runs work in a transaction in which row security shows one user's rows only, to whoever it binds:
 * members of `grid_reader`, and of `grid_owner`. Without it they see no tenant's rows at all.
 *
 * The setting (`grid.user_id`) ends with the transaction, or with the work where the caller's
 * transaction goes on, so that no pool or pooler carries it to another.
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
      // In a transaction that failed it cannot be set, and nothing can be read there either.
      if (db.isTransaction) await setUser(trx, rows[0]?.before ?? '').catch(ignore)
    }
  })
}

async function setUser(trx: Kysely<GridDatabase>, userId: string): Promise<void> {
  await sql`select set_config('grid.user_id', ${userId}, true)`.execute(trx)
}

function ignore(): void {}
