import { CompiledQuery, type Kysely, sql } from 'kysely'
import { outsideTransaction } from '../connection/transaction.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { PartitionedTable } from '../schema/market-schema.ts'
import { packIndex } from './pack-index.ts'
import { listPartitions, type Partition } from './partition-catalog.ts'

/** Which closed days to freeze. */
export interface FreezeOptions {
  /** Of one table only. */
  readonly table?: PartitionedTable
  /** Most days to freeze in this call, the oldest first: each is read whole. Default all. */
  readonly limit?: number
  /** Begins no further day once aborted, and ends the rebuilding of an index. */
  readonly signal?: AbortSignal
}

/** What became of the closed days that were not frozen yet. */
export interface FreezeReport {
  readonly frozen: readonly Partition[]
  /** Somebody was in the way; try again later. */
  readonly postponed: readonly Partition[]
}

const LOCK_TIMEOUT = '1s'

/**
 * Freezes the days that are over: rebuilds the index of the primary key, which takes half its place
 * from then on (trades have none, and an index that is full from the start), and runs
 * `VACUUM (FREEZE, ANALYZE)`, once, so that no wraparound vacuum ever has to read them again and
 * reads need not look into rows for their visibility.
 *
 * Readers and writers are not held up; a day that an older transaction may still see is postponed. A
 * big day takes minutes, and room for a second index meanwhile: give it a database without a
 * `statementTimeoutMs`. A frozen day that has grown is due again, its index not. On PGlite it stops
 * the process while it works. Not within a transaction. Takes two connections, one of which watches
 * over the waits.
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
    // Late rows are few: they are not worth another index.
    if (!wasFrozen && !(await packIndex(db, name, signal))) return
    await db.transaction().execute(async (trx) => {
      // Where commits are asynchronous, this one makes those before it durable: no other row can be frozen.
      await sql`select set_config('lock_timeout', ${LOCK_TIMEOUT}, true),
        set_config('synchronous_commit', 'on', true)`.execute(trx)
      // From now on any vacuum freezes what it visits: that is how a frozen day is told.
      const mark = `alter table ${name} set (autovacuum_freeze_min_age = 0)`
      await trx.executeQuery(CompiledQuery.raw(mark))
    })
    await db.executeQuery(outsideTransaction(`vacuum (freeze, analyze, skip_locked) ${name}`))
  } catch (error) {
    const { code } = error as { code?: unknown }
    // Locked, removed meanwhile, or past the server's own limit: the listing tells.
    if (code !== '55P03' && code !== '42P01' && code !== '57014') throw error
  }
}
