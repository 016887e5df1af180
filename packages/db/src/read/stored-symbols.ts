import type { Category } from '@grid/core-events'
import { CompiledQuery, type Kysely } from 'kysely'
import { type Interval, searchDays, timeTexts } from '../partitions/stored-days.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { DailyTable, StoredRow } from '../tables/shape/event-table.ts'

/**
 * Gives the symbols of a category that have rows in an interval, sorted by their bytes. What it costs
 * depends on the table's lookup: by plain columns it steps along the index, by hashes it reads all
 * rows of the days.
 */
export async function readSymbols<Row extends StoredRow>(
  db: Kysely<GridDatabase>,
  { table, lookup }: DailyTable<Row>,
  category: Category,
  interval: Interval,
): Promise<readonly string[]> {
  const sql = lookup.symbols(table)
  const symbols = new Set<string>()
  await searchDays(db, table, interval, 'end', async (span) => {
    const { rows } = await db.executeQuery<{ symbol: string }>(
      CompiledQuery.raw(sql, [category, ...timeTexts(span)]),
    )
    for (const { symbol } of rows) symbols.add(symbol)
    return false
  })
  return [...symbols].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}
