import type { Kysely } from 'kysely'
import type { GridDatabase } from '../schema/database.ts'

/** Runs work in the caller's transaction when given one, else in one of its own. */
export function inTransaction<Result>(
  db: Kysely<GridDatabase>,
  work: (trx: Kysely<GridDatabase>) => Promise<Result>,
): Promise<Result> {
  return db.isTransaction ? work(db) : db.transaction().execute(work)
}
