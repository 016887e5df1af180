import { durationText } from '@grid/core-events'
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
  /** Removes days although they are still needed; never those that are not old enough. Default false. */
  readonly evenIfNeeded?: boolean
}

/** A day that is to be removed. */
export interface DueDay extends Partition {
  /** Whether it is still needed, but its 14 more days are over, or needed days are removed too. */
  readonly repairOverdue: boolean
}

/** A day that is not due yet. */
export interface KeptDay extends Partition {
  /** When it will be due, in epoch milliseconds; of a day that is still needed, at the latest. */
  readonly dueTs: number
}

/** The stored days of a table, by what a policy does with them. */
export interface DueDays {
  readonly due: readonly DueDay[]
  /** Old enough, but still needed. */
  readonly kept: readonly KeptDay[]
  /** Not old enough. */
  readonly young: readonly KeptDay[]
  /** No part of the table any more: left to the operator who detached them. */
  readonly detached: readonly Partition[]
}

/** Longest time that a day is kept for repairs. */
const REPAIR_PATIENCE_MS = 14 * DAY_MS

/**
 * Finds the days that a policy would remove, and those that it keeps, with the time at which they are due.
 * Changes nothing.
 *
 * Throws `RETENTION_TOO_SHORT` for less than a day.
 *
 * @example
 * const { due } = await findDueDays(db, { table: 'public_trades', olderThanMs: 90 * 86_400_000 })
 */
export async function findDueDays(
  db: Kysely<GridDatabase>,
  policy: RetentionPolicy,
): Promise<DueDays> {
  const { table, olderThanMs, evenIfNeeded = false } = policy
  const { isNeeded = (of, day) => hasOpenGaps(db, of, day) } = policy
  if (!(olderThanMs >= DAY_MS)) {
    throw new DatabaseError(
      'RETENTION_TOO_SHORT',
      `olderThanMs for ${table} is ${olderThanMs} (${durationText(olderThanMs)}): at least ${DAY_MS} (${durationText(DAY_MS)}) is needed`,
      { context: { table, olderThanMs } },
    )
  }
  const now = await databaseTime(db)
  const due: DueDay[] = []
  const kept: KeptDay[] = []
  const young: KeptDay[] = []
  const detached: Partition[] = []
  for (const partition of await listPartitions(db, { table })) {
    const dueTs = endOfDay(partition.day) + olderThanMs
    // Removals remember their own detached partitions.
    if (partition.state === 'detached') detached.push(partition)
    else if (now < dueTs) young.push({ ...partition, dueTs })
    else {
      const isNeededStill = await isNeeded(table, partition.day)
      const latestTs = dueTs + REPAIR_PATIENCE_MS
      if (isNeededStill && !evenIfNeeded && now < latestTs) {
        kept.push({ ...partition, dueTs: latestTs })
      } else due.push({ ...partition, repairOverdue: isNeededStill })
    }
  }
  return { due, kept, young, detached }
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
