import { randomUUID } from 'node:crypto'
import { systemClock } from '@grid/core-events'
import { type Kysely, sql } from 'kysely'
import { outsideTransaction } from './outside-transaction.ts'
import type { GridDatabase } from './schema.ts'

const AGAIN_MS = 200

/**
 * Runs a statement that no transaction may hold, and has the server cancel it (57014) when it takes
 * longer.
 *
 * Such a statement cannot be given a `lock_timeout` of its own: `SET LOCAL` needs a transaction, and
 * a session's setting would reach whoever gets the session next. So another connection watches it,
 * which a pool of one has not: there the statement takes what it takes.
 */
export async function executeWithin(
  db: Kysely<GridDatabase>,
  statement: string,
  limitMs: number,
): Promise<void> {
  // By its text the server's list of activities shows it, whoever stands between.
  const query = outsideTransaction(`${statement} /* ${randomUUID()} */`)
  const cancel = (): void => {
    timer = systemClock.setTimer(cancel, AGAIN_MS)
    sql`select pg_cancel_backend(pid) from pg_stat_activity
      where query = ${query.sql} and state = 'active'`
      .execute(db)
      .catch(() => {})
  }
  // The machine's clock, whatever time a test plays: the server's waits are real.
  let timer = systemClock.setTimer(cancel, limitMs)
  try {
    await db.executeQuery(query)
  } finally {
    timer.cancel()
  }
}
