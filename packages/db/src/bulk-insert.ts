import type { GridEvent } from '@grid/core-events'
import { CompiledQuery, type Kysely } from 'kysely'
import { columnArrays, insertSql } from './column.ts'
import { DatabaseError } from './errors.ts'
import type { EventTable } from './event-table.ts'
import { findConflicts, type KeyConflict } from './key-conflicts.ts'
import { ensureDays, forgetDays } from './known-days.ts'
import type { GridDatabase } from './schema.ts'

/**
 * What became of a batch: `inserted` + `duplicates` + `conflicts.length` is what was sent.
 *
 * `inserted` is the server's count. It reports no other: what an insert passes over is known, for
 * `on conflict do nothing` either stores a row or finds its key. That this holds, and no trigger
 * took the row, is checked on the rows that are compared: all up to 50 duplicates, of more a sample.
 */
export interface BulkInsertResult<Event> {
  /** Rows that the server says it stored. */
  readonly inserted: number
  /** Events that were stored already, or came twice in the batch. */
  readonly duplicates: number
  /** Events whose identity was stored already with other values; they were not stored. */
  readonly conflicts: readonly KeyConflict<Event>[]
}

/** Inserts a batch of any size by one statement, making its days' partitions first. */
export async function bulkInsert<Event extends GridEvent>(
  db: Kysely<GridDatabase>,
  target: EventTable<Event>,
  events: readonly Event[],
): Promise<BulkInsertResult<Event>> {
  if (events.length === 0) return { inserted: 0, duplicates: 0, conflicts: [] }
  const sorted = events.toSorted(target.compare)
  const rows: Event[] = []
  const repeated: Event[] = []
  for (const event of sorted) {
    const last = rows.at(-1)
    const isRepeated = last !== undefined && target.compare(last, event) === 0
    ;(isRepeated ? repeated : rows).push(event)
  }
  const inserted = await insertRows(db, target, rows)
  const known = rows.length - inserted
  if (known + repeated.length === 0) return { inserted, duplicates: 0, conflicts: [] }
  const conflicts = await findConflicts(db, target, { rows, known, repeated })
  const duplicates = known + repeated.length - conflicts.length
  if (known >= 0 && duplicates >= 0) return { inserted, duplicates, conflicts }
  const counts = { sent: rows.length, inserted, repeated: repeated.length }
  throw new DatabaseError(
    'COUNTS_DISAGREE',
    `of ${rows.length} rows ${inserted} were inserted, ${repeated.length} came twice and ` +
      `${conflicts.length} conflict: something changes what ${target.table} is sent`,
    { context: { table: target.table, ...counts, conflicts: conflicts.length } },
  )
}

async function insertRows<Event extends GridEvent>(
  db: Kysely<GridDatabase>,
  target: EventTable<Event>,
  rows: readonly Event[],
): Promise<number> {
  const { table } = target
  // A column of which no row has a value costs the server time for nothing: most tickers have many.
  const columns = target.columns.filter(({ field }) =>
    rows.some((row) => (row[field] ?? null) !== null),
  )
  const query = CompiledQuery.raw(insertSql(table, columns), [...columnArrays(columns, rows)])
  for (let attempt = 1; ; attempt++) {
    await ensureDays(db, table, rows)
    try {
      const { numAffectedRows } = await db.executeQuery(query)
      return Number(numAffectedRows)
    } catch (cause) {
      if (!isPartitionMissing(cause)) throw cause
      // Somebody removed a day that we knew of.
      forgetDays(db, table)
      if (!db.isTransaction && attempt === 1) continue
      throw new DatabaseError(
        'PARTITION_MISSING',
        `a partition of ${table} vanished before the insert: try the transaction again`,
        { cause, context: { table } },
      )
    }
  }
}

/** A row without a partition shares its SQLSTATE with a failed CHECK, which names its constraint. */
function isPartitionMissing(error: unknown): boolean {
  const { code, constraint } = error as { code?: unknown; constraint?: unknown }
  return code === '23514' && !constraint
}
