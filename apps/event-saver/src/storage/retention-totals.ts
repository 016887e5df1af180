import { PARTITIONED_TABLES, type PartitionedTable, type RemovalReport } from '@grid/db'

/** What was removed of a table since the start. */
export interface RetentionTotal {
  readonly table: PartitionedTable
  readonly days: number
  readonly rows: number
  readonly bytes: number
  /** Days that an open transaction kept from being removed in the last round. */
  readonly postponed: number
}

/** Sums up what retention removed, by table. */
export class RetentionTotals {
  readonly #totals = new Map<PartitionedTable, RetentionTotal>(
    PARTITIONED_TABLES.map((table) => [table, { table, days: 0, rows: 0, bytes: 0, postponed: 0 }]),
  )

  add(table: PartitionedTable, { removed, postponed }: RemovalReport): void {
    const before = this.#totals.get(table)
    if (before === undefined) return
    this.#totals.set(table, {
      table,
      days: before.days + removed.length,
      rows: removed.reduce((sum, day) => sum + (day.rows ?? 0), before.rows),
      bytes: removed.reduce((sum, day) => sum + (day.bytes ?? 0), before.bytes),
      postponed: postponed.length,
    })
  }

  list(): readonly RetentionTotal[] {
    return [...this.#totals.values()]
  }
}
