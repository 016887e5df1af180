import { CompiledQuery, type Kysely } from 'kysely'
import type { GridDatabase } from '../schema/database.ts'

/** Runs work in the caller's transaction, or in one of its own where `db` is no transaction. */
export function inTransaction<Result>(
  db: Kysely<GridDatabase>,
  work: (trx: Kysely<GridDatabase>) => Promise<Result>,
): Promise<Result> {
  return db.isTransaction ? work(db) : db.transaction().execute(work)
}

const OUTSIDE = new WeakSet<CompiledQuery>()

/** Marks a statement that PostgreSQL refuses within a transaction, such as VACUUM. */
export function outsideTransaction(sql: string): CompiledQuery {
  const query = CompiledQuery.raw(sql)
  OUTSIDE.add(query)
  return query
}

/** Whether a statement must run in no transaction. */
export function isOutsideTransaction(query: CompiledQuery): boolean {
  return OUTSIDE.has(query)
}
