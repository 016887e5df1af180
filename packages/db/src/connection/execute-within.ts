import { randomUUID } from 'node:crypto'
import { systemClock } from '@grid/core-events'
import { type Kysely, sql } from 'kysely'
import type { GridDatabase } from '../schema/database.ts'
import { outsideTransaction } from './transaction.ts'

/** How long a statement may take. */
export interface TimeLimit {
  /** In milliseconds. */
  readonly limitMs: number
  /** Whether only the time counts that it waits for one lock, not that in which it works. */
  readonly ofEachWait?: boolean
  /** Cancels it once aborted, within the limit too. */
  readonly signal?: AbortSignal | undefined
}

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
  { limitMs, ofEachWait = false, signal }: TimeLimit,
): Promise<void> {
  // By its text the server's list of activities shows it, whoever stands between.
  const query = outsideTransaction(`${statement} /* ${randomUUID()} */`)
  const watch = (): void => {
    timer = systemClock.setTimer(watch, AGAIN_MS)
    const waited = sql`exists (select from pg_locks where pg_locks.pid = activity.pid
      and waitstart < clock_timestamp() - ${`${limitMs} ms`}::interval)`
    const isOver = ofEachWait && !signal?.aborted ? waited : sql`true`
    sql`select pg_cancel_backend(pid) from pg_stat_activity as activity
      where query = ${query.sql} and state = 'active' and ${isOver}`
      .execute(db)
      .catch(() => {})
  }
  // The machine's clock, whatever time a test plays: the server's waits are real.
  let timer = systemClock.setTimer(watch, limitMs)
  const hurry = (): void => {
    timer.cancel()
    watch()
  }
  signal?.addEventListener('abort', hurry, { once: true })
  try {
    await db.executeQuery(query)
  } finally {
    timer.cancel()
    signal?.removeEventListener('abort', hurry)
  }
}
