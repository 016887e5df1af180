import type { Kysely } from 'kysely'
import type { GridDatabase } from '../schema/database.ts'
import type { PartitionedTable } from '../schema/market-schema.ts'
import { ensurePartitions } from './ensure-partitions.ts'
import { dayOf } from './partition-day.ts'

/**
 * Days whose partition is known to exist, by database and table. The key is the dialect's adapter,
 * because a transaction has the same one as the Kysely that it was begun on.
 */
const KNOWN = new WeakMap<object, Map<PartitionedTable, Set<number>>>()

/** Makes the partitions that rows lack. Asks the database only about days it has not seen yet. */
export async function ensureDays(
  db: Kysely<GridDatabase>,
  table: PartitionedTable,
  rows: readonly { readonly exchangeTs: number }[],
): Promise<void> {
  const known = knownDays(db, table)
  const unknown = new Map<number, number>()
  for (const { exchangeTs } of rows) {
    const day = dayOf(exchangeTs)
    if (!known.has(day)) unknown.set(day, exchangeTs)
  }
  if (unknown.size === 0) return
  const made = await ensurePartitions(db, table, unknown.values())
  // The transaction that made them may be rolled back.
  if (made > 0 && db.isTransaction) return
  for (const day of unknown.keys()) known.add(day)
}

/** Forgets which days of a table exist, so that the next insert asks again. */
export function forgetDays(db: Kysely<GridDatabase>, table: PartitionedTable): void {
  knownDays(db, table).clear()
}

function knownDays(db: Kysely<GridDatabase>, table: PartitionedTable): Set<number> {
  const database = db.getExecutor().adapter
  const tables = KNOWN.get(database) ?? new Map<PartitionedTable, Set<number>>()
  KNOWN.set(database, tables)
  const days = tables.get(table) ?? new Set<number>()
  tables.set(table, days)
  return days
}
