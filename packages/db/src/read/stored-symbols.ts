import type { Category } from '@grid/core-events'
import { CompiledQuery, type Kysely } from 'kysely'
import { type Interval, searchDays, timeTexts } from '../partitions/stored-days.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { DailyTable, StoredRow } from '../tables/event-table.ts'

/**
 * Gives the symbols of a category that have rows in an interval, by their bytes. Where the key is of
 * the columns it steps from one symbol to the next along its index, past all their rows; a key of
 * hashes, which two may share, says too little: there all rows of the days are looked at.
 */
export async function readSymbols<Row extends StoredRow>(
  db: Kysely<GridDatabase>,
  { table, hashed }: DailyTable<Row>,
  category: Category,
  interval: Interval,
): Promise<readonly string[]> {
  const within = `category = $1::text and exchange_ts >= $2::timestamptz and exchange_ts < $3::timestamptz`
  const sql = hashed
    ? `select distinct symbol from ${table} where ${within}`
    : `with recursive step (symbol) as ((select symbol from ${table} where ${within} ` +
      'order by category, symbol limit 1) union all select (' +
      `select ${table}.symbol from ${table} where ${within} and ${table}.symbol > step.symbol ` +
      'order by category, symbol limit 1) from step where step.symbol is not null) ' +
      'select symbol from step where symbol is not null'
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
