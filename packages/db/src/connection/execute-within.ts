import { randomUUID } from 'node:crypto'
import { systemClock } from '@grid/core-events'
import { type Kysely, sql } from 'kysely'
import type { GridDatabase } from '../schema/database.ts'
import { outsideTransaction } from './transaction.ts'

/** The limit of a statement's time. */
export interface TimeLimit {
  /** In milliseconds. */
  readonly limitMs: number
  /** Limits each wait for a lock, and not the time in which the statement works. */
  readonly ofEachWait?: boolean
  /** Cancels the statement, also within the limit. */
  readonly signal?: AbortSignal | undefined
}

const AGAIN_MS = 200

/**
 * Runs a statement that cannot run in a transaction; the server cancels it (57014) when it exceeds the
 * limit.
 *
 * A `lock_timeout` cannot limit it: `SET LOCAL` needs a transaction, and a session's setting would also
 * hold for the next user of the session. So another connection of the pool watches and cancels it. In a
 * pool of one connection the statement has no limit.
 */
export async function executeWithin(
  db: Kysely<GridDatabase>,
  statement: string,
  { limitMs, ofEachWait = false, signal }: TimeLimit,
): Promise<void> {
  // The random id finds the statement in the server's list of activities, also through a pooler.
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
  // Always the machine's clock: the server waits in real time, also when a test moves its own.
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
