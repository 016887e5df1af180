import type { Kysely } from 'kysely'
import type { GridDatabase } from '../schema/database.ts'
import { RowReplacement } from './row-replacement.ts'

/**
 * Runs work that deletes the rows of some frames and inserts them again, in one transaction: all of it is
 * done, or nothing.
 *
 * It sees the database as it was at its begin, so that rows which others store meanwhile are neither deleted nor
 * built on. Where somebody else stores or changes one of its own rows meanwhile it fails, as a transient error
 * (40001).
 *
 * @example
 * await replaceRows(db, async (replacement, trx) => {
 *   await replacement.note(frames)
 *   await replacement.remove()
 *   await marketRepository(trx, 'publicTrade').bulkInsert(trades)
 * })
 */
export function replaceRows<Result>(
  db: Kysely<GridDatabase>,
  work: (replacement: RowReplacement, trx: Kysely<GridDatabase>) => Promise<Result>,
): Promise<Result> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => {
      const replacement = new RowReplacement(trx)
      await replacement.begin()
      const result = await work(replacement, trx)
      await replacement.end()
      return result
    })
}
