import { type Kysely, sql } from 'kysely'
import type { GridDatabase } from '../schema/database.ts'

/**
 * Gives the name of a table or index with its schema, for a statement that runs in no transaction:
 * through a transaction pooler such a statement gets no `search_path` of ours. A name that does not exist
 * is given back as it is.
 */
export async function qualifiedName(db: Kysely<GridDatabase>, name: string): Promise<string> {
  const { rows } = await sql<{ name: string }>`
    select format('%I.%I', nspname, relname) as name
    from pg_class join pg_namespace on pg_namespace.oid = relnamespace
    where pg_class.oid = to_regclass(${name})`.execute(db)
  return rows[0]?.name ?? name
}
