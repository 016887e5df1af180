import { type Kysely, sql } from 'kysely'
import type { GridDatabase } from '../schema/database.ts'
import type { PartitionedTable } from '../schema/market-schema.ts'
import { type DueDay, findDueDays, type RetentionPolicy } from './due-days.ts'
import { listPartitions } from './partition-catalog.ts'
import { finalizeDetach, type Removal, removePartition } from './remove-partition.ts'
import type { RemovedDay } from './removed-days.ts'

/** A removal that did not succeed and is tried again by the next call. */
export interface PostponedRemoval {
  readonly table: PartitionedTable
  readonly day: string
  /** The server's error, mostly that a transaction is in the way (57014, 55P03). */
  readonly error: unknown
}

/** What became of the days that were to be removed. */
export interface RemovalReport {
  readonly removed: readonly RemovedDay[]
  /** Days that stay attached or half detached until the next call. */
  readonly postponed: readonly PostponedRemoval[]
}

/** What `pruneDays` did. */
export interface PruneReport extends RemovalReport {
  /** Days that are old enough but still needed, as `2026-11-22`. */
  readonly kept: readonly string[]
}

/** Which removals to complete. */
export interface FinishOptions {
  readonly table: PartitionedTable
  /** Begins no further removal. */
  readonly signal?: AbortSignal
}

/** Which days to remove. */
export interface PruneOptions extends RetentionPolicy, FinishOptions {
  /** Recorded in `removed_days`, e.g. a collector's name. */
  readonly requestedBy: string
}

/**
 * Removes the days of a table that a policy no longer keeps, and records each in `removed_days` with its
 * rows and bytes. First completes what earlier calls could not.
 *
 * Detaches a partition (`DETACH … CONCURRENTLY`), counts its rows and drops it. Readers and writers of
 * the table need not wait, and the removal itself gives up each wait after a second: a day that an open
 * transaction may still see is postponed. Call it again, e.g. every hour; many processes may do so.
 * Takes two connections, one of which ends waits that last too long. Cannot run in a transaction.
 *
 * Throws `RETENTION_TOO_SHORT`, and errors that concern all days, such as a missing privilege.
 *
 * @example
 * const { removed } = await pruneDays(db, {
 *   table: 'public_trades', olderThanMs: 90 * 86_400_000, requestedBy: 'nightly',
 * })
 */
export async function pruneDays(
  db: Kysely<GridDatabase>,
  options: PruneOptions,
): Promise<PruneReport> {
  const { requestedBy } = options
  const { due, kept } = await findDueDays(db, options)
  const earlier = await finishRemovals(db, options)
  const tried = new Set([...earlier.removed, ...earlier.postponed].map(({ day }) => day))
  const wanted = due.filter(({ day }) => !tried.has(day))
  const { removed, postponed } = await removeAll(db, options, wanted.map(toRemoval))
  return {
    removed: [...earlier.removed, ...removed],
    postponed: [...earlier.postponed, ...postponed],
    kept: kept.map(({ day }) => day),
  }

  function toRemoval({ table, day, repairOverdue }: DueDay): Removal {
    return { table, day, requestedBy, repairOverdue }
  }
}

/**
 * Completes removals that an open transaction, a crash or an operator interrupted, and any other
 * interrupted detachment, because it blocks the next one of the table.
 *
 * Call it for tables that have no retention; `pruneDays` includes it.
 *
 * @example
 * await finishRemovals(db, { table: 'public_trades' })
 */
export async function finishRemovals(
  db: Kysely<GridDatabase>,
  options: FinishOptions,
): Promise<RemovalReport> {
  const { table } = options
  const { rows: asked } = await sql<Removal>`
    select table_name as "table", to_char(day, 'YYYY-MM-DD') as day, requested_by as "requestedBy",
      repair_overdue as "repairOverdue"
    from removed_days where table_name = ${table} and removed_at is null
    order by day`.execute(db)
  const partitions = await listPartitions(db, { table })
  const postponed: PostponedRemoval[] = []
  const days = new Set(asked.map(({ day }) => day))
  for (const { day, name, state } of partitions) {
    if (state !== 'leaving' || days.has(day)) continue
    try {
      await finalizeDetach(db, table, name)
    } catch (error) {
      if (!isOfOneDay(error)) throw error
      postponed.push({ table, day, error })
    }
  }
  // Left out are attached days: another process is about to remove them, or died before it began.
  const attached = new Set(
    partitions.filter(({ state }) => state === 'attached').map(({ day }) => day),
  )
  const begun = asked.filter(({ day }) => !attached.has(day))
  const report = await removeAll(db, options, begun)
  return { removed: report.removed, postponed: [...postponed, ...report.postponed] }
}

async function removeAll(
  db: Kysely<GridDatabase>,
  { signal }: FinishOptions,
  removals: readonly Removal[],
): Promise<RemovalReport> {
  const removed: RemovedDay[] = []
  const postponed: PostponedRemoval[] = []
  for (const removal of removals) {
    if (signal?.aborted) break
    try {
      const day = await removePartition(db, removal)
      if (day !== null) removed.push(day)
    } catch (error) {
      if (!isOfOneDay(error)) throw error
      postponed.push({ table: removal.table, day: removal.day, error })
    }
  }
  return { removed, postponed }
}

/**
 * Whether an error concerns one partition only: a lock or transaction is in the way (55, 57014), it is
 * gone (42P01), another process removes it (23505, 40), or another object depends on it (2BP01).
 */
function isOfOneDay(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && /^(55|40|57014|42P01|2BP01|23505)/.test(code)
}
