import { CompiledQuery, type Kysely, sql } from 'kysely'
import { outsideTransaction } from '../connection/transaction.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { PartitionedTable } from '../schema/market-schema.ts'
import { packIndex } from './pack-index.ts'
import { listPartitions, type Partition } from './partition-catalog.ts'
import { qualifiedName } from './qualified-name.ts'

/** Which closed days to freeze. */
export interface FreezeOptions {
  /** Freezes days of one table only. */
  readonly table?: PartitionedTable
  /** Most days to freeze in this call, the oldest first, because each is read whole. Default all. */
  readonly limit?: number
  /** Ends the rebuilding of an index, and begins no further day. */
  readonly signal?: AbortSignal
}

/** What became of the closed days that were not frozen before. */
export interface FreezeReport {
  readonly frozen: readonly Partition[]
  /** A lock or an older transaction was in the way: call again later. */
  readonly postponed: readonly Partition[]
}

const LOCK_TIMEOUT = '1s'

/**
 * Freezes the days that are over, each once:
 *
 * - Rebuilds the index of the unique key, which then takes up to a half less space.
 * - Runs `VACUUM (FREEZE, ANALYZE)`, so that no wraparound vacuum reads the day again and reads need
 *   not check the visibility of its rows.
 *
 * Readers and writers need not wait. A day that an older transaction may still see is postponed. A
 * frozen day that has grown is vacuumed again; its index is not rebuilt.
 *
 * A big day takes minutes, and space for a second index meanwhile: use a database without
 * `statementTimeoutMs`. Takes two connections, one of which ends waits that last too long. Cannot run
 * in a transaction. On PGlite it blocks the process.
 *
 * @example
 * const { frozen } = await freezeClosedDays(db)
 */
export async function freezeClosedDays(
  db: Kysely<GridDatabase>,
  { table, limit = Number.POSITIVE_INFINITY, signal }: FreezeOptions = {},
): Promise<FreezeReport> {
  const query = table === undefined ? {} : { table }
  const isDue = ({ state, isClosed, isFrozen }: Partition): boolean =>
    state === 'attached' && isClosed && !isFrozen
  const due = (await listPartitions(db, query))
    .filter(isDue)
    .sort((a, b) => (a.day < b.day ? -1 : 1))
    .slice(0, limit)
  const tried: Partition[] = []
  for (const partition of due) {
    if (signal?.aborted) break
    tried.push(partition)
    await freeze(db, partition, signal)
  }
  const now = new Map((await listPartitions(db, query)).map((each) => [each.name, each]))
  const isDueStill = ({ name }: Partition): boolean => {
    const partition = now.get(name)
    return partition !== undefined && isDue(partition)
  }
  return {
    frozen: tried.flatMap(({ name }) => now.get(name) ?? []).filter((each) => !isDueStill(each)),
    postponed: tried.filter(isDueStill),
  }
}

async function freeze(
  db: Kysely<GridDatabase>,
  { name, wasFrozen }: Partition,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    // A day that was frozen before has few new rows: they do not justify another rebuild.
    if (!wasFrozen && !(await packIndex(db, name, signal))) return
    await db.transaction().execute(async (trx) => {
      // VACUUM freezes durable rows only. Where commits are asynchronous, a synchronous one makes all
      // rows before it durable.
      await sql`select set_config('lock_timeout', ${LOCK_TIMEOUT}, true),
        set_config('synchronous_commit', 'on', true)`.execute(trx)
      // From now on any vacuum freezes what it visits; the catalog tells frozen days by this setting.
      const mark = `alter table ${name} set (autovacuum_freeze_min_age = 0)`
      await trx.executeQuery(CompiledQuery.raw(mark))
    })
    const full = await qualifiedName(db, name)
    await db.executeQuery(outsideTransaction(`vacuum (freeze, analyze, skip_locked) ${full}`))
  } catch (error) {
    const { code } = error as { code?: unknown }
    // Locked, removed meanwhile, or cancelled by a timeout: the listing afterwards tells what became of it.
    if (code !== '55P03' && code !== '42P01' && code !== '57014') throw error
  }
}
