import { type Kysely, sql } from 'kysely'
import type { GridDatabase } from '../schema/database.ts'
import type { PartitionedTable } from '../schema/market-schema.ts'

/** A day that was captured and then removed. */
export interface RemovedDay {
  readonly table: PartitionedTable
  /** As `2026-11-22`. */
  readonly day: string
  /** Who requested it, e.g. a collector's name. */
  readonly requestedBy: string
  /** Whether it still had open gaps when its 14 days for repairs ended. */
  readonly repairOverdue: boolean
  /** In epoch milliseconds by the database's clock. */
  readonly removedAt: number
  /** Its rows; null when somebody else dropped it. */
  readonly rows: number | null
  /** Its size with indexes; null likewise. */
  readonly bytes: number | null
}

/** Which removed days to list. */
export interface RemovedDayQuery {
  readonly table?: PartitionedTable
}

/**
 * Lists removed days by table and day, from table `removed_days`. A day that was stored and removed
 * again is listed twice.
 *
 * @example
 * const removed = await listRemovedDays(db, { table: 'public_trades' })
 */
export async function listRemovedDays(
  db: Kysely<GridDatabase>,
  { table }: RemovedDayQuery = {},
): Promise<RemovedDay[]> {
  const { rows } = await sql<{
    table: PartitionedTable
    day: string
    requested_by: string
    repair_overdue: boolean
    removed_at: string
    rows: string | null
    bytes: string | null
  }>`
    select table_name as table, to_char(day, 'YYYY-MM-DD') as day, requested_by, repair_overdue,
      (extract(epoch from removed_at) * 1000)::bigint::text as removed_at,
      row_count::text as rows, bytes::text as bytes
    from removed_days
    where removed_at is not null and (${table ?? null}::text is null or table_name = ${table ?? null})
    order by table_name, removed_days.day, id`.execute(db)
  return rows.map(({ requested_by, repair_overdue, removed_at, ...row }) => ({
    table: row.table,
    day: row.day,
    requestedBy: requested_by,
    repairOverdue: repair_overdue,
    removedAt: Number(removed_at),
    rows: row.rows === null ? null : Number(row.rows),
    bytes: row.bytes === null ? null : Number(row.bytes),
  }))
}
