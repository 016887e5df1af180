import { CompiledQuery, type Kysely, sql } from 'kysely'
import { executeWithin } from '../connection/execute-within.ts'
import type { GridDatabase } from '../schema/database.ts'
import { qualifiedName } from './qualified-name.ts'

/** Longest wait for one other transaction. Meanwhile only a vacuum or a removal of the day waits for us. */
const PATIENCE_MS = 10_000
/** A transaction this old may last much longer, so no rebuild is begun that would wait for it. */
const OLD = '1 second'

/**
 * Rebuilds the index of a closed day's unique key with full pages, while others read and write. While a day is written, entries come in between those of other instruments: PostgreSQL
 * splits full pages into halves, which never fill again.
 *
 * Gives false when a transaction is in the way: call again later. It may also fail with 57014 or 55P03;
 * the next attempt then removes or completes what was begun.
 */
export async function packIndex(
  db: Kysely<GridDatabase>,
  table: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { rows } = await sql<{ name: string; is_old: boolean; is_leftover: boolean }>`
    select relname as name, relname ~ '_ccold[0-9]*$' as is_old, not indisvalid as is_leftover
    from pg_index join pg_class on pg_class.oid = indexrelid
    where indrelid = to_regclass(${table})
      and (indisunique and indisvalid or not indisvalid and relname ~ '_cc(new|old)[0-9]*$')`.execute(
    db,
  )
  const { rows: readers } = await sql`
    select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
      and backend_xmin is not null and xact_start < clock_timestamp() - ${OLD}::interval
    limit 1`.execute(db)
  if (readers.length > 0) return false
  const limit = { limitMs: PATIENCE_MS, ofEachWait: true, signal }
  for (const { name, is_leftover } of rows) {
    if (!is_leftover) continue
    const full = await qualifiedName(db, name)
    await executeWithin(db, `drop index concurrently if exists ${full}`, limit)
  }
  // Where the old index is a leftover, the new one has taken its place already.
  const key = rows.find(({ is_leftover }) => !is_leftover)
  if (key === undefined || rows.some(({ is_old }) => is_old)) return true
  await db.transaction().execute(async (trx) => {
    // Another process may hold the lock because it does the same.
    await sql`select set_config('lock_timeout', '1s', true)`.execute(trx)
    await trx.executeQuery(CompiledQuery.raw(`alter index ${key.name} set (fillfactor = 100)`))
  })
  const full = await qualifiedName(db, key.name)
  await executeWithin(db, `reindex index concurrently ${full}`, limit)
  return true
}
