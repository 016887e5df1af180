import { type Kysely, sql } from 'kysely'
import type { GridDatabase } from '../schema/database.ts'
import type { PartitionedTable } from '../schema/market-schema.ts'

/** A day that was captured and is no longer stored. */
export interface RemovedDay {
  readonly table: PartitionedTable
  /** As `2026-11-22`. */
  readonly day: string
  /** Who wanted it gone, e.g. a collector's name. */
  readonly requestedBy: string
  /** Whether it went although gaps of it were open: their time ran out. */
  readonly repairOverdue: boolean
  /** In epoch milliseconds by the database's clock. */
  readonly removedAt: number
  /** Rows that it held; null when it was dropped by another hand. */
  readonly rows: number | null
  /** Bytes that it took, indexes included; null likewise. */
  readonly bytes: number | null
}

/** Which removed days to list. */
export interface RemovedDayQuery {
  readonly table?: PartitionedTable
}

/**
 * Lists the days that were removed, by table and day, from table `removed_days`; a day that was
 * stored again and removed again comes twice.
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
    select table_name as table, day::text as day, requested_by, repair_overdue,
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
