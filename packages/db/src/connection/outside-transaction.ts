import { CompiledQuery } from 'kysely'

const OUTSIDE = new WeakSet<CompiledQuery>()

/** A statement that PostgreSQL refuses within a transaction, such as VACUUM. */
export function outsideTransaction(sql: string): CompiledQuery {
  const query = CompiledQuery.raw(sql)
  OUTSIDE.add(query)
  return query
}

/** Whether a statement must run in no transaction. */
export function isOutsideTransaction(query: CompiledQuery): boolean {
  return OUTSIDE.has(query)
}
