import { type Kysely, sql } from 'kysely'
import { DatabaseError } from '../errors.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { PartitionedTable } from '../schema/market-schema.ts'
import { dailyTable } from '../tables/daily-tables.ts'
import { endOfDay, listPartitions, type Partition } from './partition-catalog.ts'
import { DAY_MS } from './partition-day.ts'

/** Which days of a table are removed. */
export interface RetentionPolicy {
  readonly table: PartitionedTable
  /**
   * Removes days that ended at least this long ago, in milliseconds by the database's clock. At least
   * one day.
   */
  readonly olderThanMs: number
  /**
   * Whether a day is still needed, e.g. for repairs. It is then kept up to 14 days longer. Default:
   * whether `capture_gaps` has gaps of that day that are `open` or `partial`.
   */
  readonly isNeeded?: (table: PartitionedTable, day: string) => Promise<boolean>
}

/** A day that is to be removed. */
export interface DueDay extends Partition {
  /** Whether it is still needed, but its 14 more days are over. */
  readonly repairOverdue: boolean
}

/** The stored days that a policy would remove now or later. */
export interface DueDays {
  readonly due: readonly DueDay[]
  /** Old enough, but still needed. */
  readonly kept: readonly Partition[]
}

/** Longest time that a day is kept for repairs. */
const REPAIR_PATIENCE_MS = 14 * DAY_MS

/**
 * Finds the days that a policy would remove, and those that it keeps for repairs. Changes nothing.
 *
 * Throws `RETENTION_TOO_SHORT` for less than a day.
 *
 * @example
 * const { due } = await findDueDays(db, { table: 'public_trades', olderThanMs: 90 * 86_400_000 })
 */
export async function findDueDays(
  db: Kysely<GridDatabase>,
  { table, olderThanMs, isNeeded = (of, day) => hasOpenGaps(db, of, day) }: RetentionPolicy,
): Promise<DueDays> {
  if (!(olderThanMs >= DAY_MS)) {
    throw new DatabaseError(
      'RETENTION_TOO_SHORT',
      `olderThanMs for ${table} is ${olderThanMs}: at least ${DAY_MS} (one day) is needed`,
      { context: { table, olderThanMs } },
    )
  }
  const now = await databaseTime(db)
  const due: DueDay[] = []
  const kept: Partition[] = []
  for (const partition of await listPartitions(db, { table })) {
    const overdueMs = now - olderThanMs - endOfDay(partition.day)
    // A detached partition is left to the operator who detached it; removals remember their own.
    if (overdueMs < 0 || partition.state === 'detached') continue
    const isNeededStill = await isNeeded(table, partition.day)
    if (isNeededStill && overdueMs < REPAIR_PATIENCE_MS) kept.push(partition)
    else due.push({ ...partition, repairOverdue: isNeededStill })
  }
  return { due, kept }
}

async function databaseTime(db: Kysely<GridDatabase>): Promise<number> {
  const { rows } = await sql<{ now: string }>`
    select (extract(epoch from now()) * 1000)::bigint::text as now`.execute(db)
  return Number(rows[0]?.now)
}

async function hasOpenGaps(
  db: Kysely<GridDatabase>,
  table: PartitionedTable,
  day: string,
): Promise<boolean> {
  const gap = await db
    .selectFrom('capture_gaps')
    .select('id')
    .where('channel', '=', dailyTable(table).channel)
    .where('state', 'in', ['open', 'partial'])
    .where('start_ts', '<', new Date(endOfDay(day)))
    .where('end_ts', '>=', new Date(endOfDay(day) - DAY_MS))
    .limit(1)
    .executeTakeFirst()
  return gap !== undefined
}
