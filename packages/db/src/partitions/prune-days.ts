import { type Kysely, sql } from 'kysely'
import type { GridDatabase } from '../schema/database.ts'
import type { PartitionedTable } from '../schema/market-schema.ts'
import { type DueDay, findDueDays, type RetentionPolicy } from './due-days.ts'
import { listPartitions } from './partition-catalog.ts'
import { finalizeDetach, type Removal, removePartition } from './remove-partition.ts'
import type { RemovedDay } from './removed-days.ts'

/** A removal to be tried again. */
export interface PostponedRemoval {
  readonly table: PartitionedTable
  readonly day: string
  /** What the server said: mostly that a transaction is in the way (57014, 55P03). */
  readonly error: unknown
}

/** What became of the days that were to go. */
export interface RemovalReport {
  readonly removed: readonly RemovedDay[]
  /** They stay as they are, or half detached, until the next call. */
  readonly postponed: readonly PostponedRemoval[]
}

/** What a pruning did, and which days it kept for repairs. */
export interface PruneReport extends RemovalReport {
  /** As `2026-11-22`. */
  readonly kept: readonly string[]
}

/** Whose removals to end. */
export interface FinishOptions {
  readonly table: PartitionedTable
  /** Begins no further removal once aborted. */
  readonly signal?: AbortSignal
}

/** How to prune. */
export interface PruneOptions extends RetentionPolicy, FinishOptions {
  /** Who is recorded to have wanted it. */
  readonly requestedBy: string
}

/**
 * Removes a table's days that a policy no longer keeps, and records each in `removed_days` with what
 * was in it; first ends what earlier calls could not.
 *
 * A partition is detached (`DETACH … CONCURRENTLY`), counted and dropped. Nobody who reads or writes
 * the table waits for that, and it waits for nobody longer than a second at a time: a day that an
 * open transaction may still see is postponed. Call it again, e.g. every hour; many processes may.
 * Not within a transaction. Takes two connections, one of which watches over the waits.
 *
 * Throws `RETENTION_TOO_SHORT`, and what keeps every day from being removed.
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
 * Ends what was begun: removals that an open transaction, a crash or an operator interrupted, and
 * any other interrupted detachment, for it keeps the table from the next.
 *
 * For tables that keep every day as well; `pruneDays` does it by itself.
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
    select table_name as "table", day::text as day, requested_by as "requestedBy",
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
  // One that is attached was asked for by somebody who is at it, or died before it began.
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
 * Errors that say something of one partition: somebody is in the way (55), it is gone (42P01) or
 * another process removes it (23505, 40), or something else relies on it (2BP01).
 */
function isOfOneDay(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && /^(55|40|57014|42P01|2BP01|23505)/.test(code)
}
