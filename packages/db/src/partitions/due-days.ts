import { type Kysely, sql } from 'kysely'
import { DatabaseError } from '../errors.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { PartitionedTable } from '../schema/market-schema.ts'
import { dailyTable } from '../tables/daily-tables.ts'
import { endOfDay, listPartitions, type Partition } from './partition-catalog.ts'
import { DAY_MS } from './partition-day.ts'

/** Which days of a table are to go. */
export interface RetentionPolicy {
  readonly table: PartitionedTable
  /** Days go that ended at least so long ago by the database's clock, in milliseconds; a day at least. */
  readonly olderThanMs: number
  /**
   * Whether something still has to be done with a day, which then stays up to 14 days longer.
   * Default: whether `capture_gaps` has gaps of it that are open or partly filled.
   */
  readonly isNeeded?: (table: PartitionedTable, day: string) => Promise<boolean>
}

/** A day that is past its time. */
export interface DueDay extends Partition {
  /** Whether it is needed, and its 14 days are over as well. */
  readonly repairOverdue: boolean
}

/** What a policy says of the days that are stored. */
export interface DueDays {
  readonly due: readonly DueDay[]
  /** Past their time, and needed for a while. */
  readonly kept: readonly Partition[]
}

/** Longest time that a day is kept for repairs past its own. */
const REPAIR_PATIENCE_MS = 14 * DAY_MS

/**
 * Tells which days a policy would remove, and which it keeps for repairs; changes nothing.
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
      `days of ${table} older than ${olderThanMs} ms cannot be removed: ${DAY_MS} ms is the least`,
      { context: { table, olderThanMs } },
    )
  }
  const now = await databaseTime(db)
  const due: DueDay[] = []
  const kept: Partition[] = []
  for (const partition of await listPartitions(db, { table })) {
    const overdueMs = now - olderThanMs - endOfDay(partition.day)
    // What was detached by hand is its owner's; what a removal detached is known as that.
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
