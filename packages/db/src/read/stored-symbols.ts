import type { Category } from '@grid/core-events'
import { CompiledQuery, type Kysely } from 'kysely'
import { DAY_MS, startOfDay } from '../partitions/partition-day.ts'
import { type Interval, searchDays, timeTexts } from '../partitions/stored-days.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { DailyTable, StoredRow } from '../tables/shape/event-table.ts'
import { readEndTimes } from './end-times.ts'

/**
 * Gives the symbols of a category that have rows in an interval, sorted by their bytes. What it costs
 * depends on the table's lookup: by plain columns it steps along the index, by hashes it reads all
 * rows of the days.
 */
export async function readSymbols<Row extends StoredRow>(
  db: Kysely<GridDatabase>,
  target: DailyTable<Row>,
  category: Category,
  interval: Interval,
): Promise<readonly string[]> {
  const ofDays = new Set<string>()
  const days = {
    from: startOfDay(interval.from),
    to: Math.ceil(interval.to / DAY_MS) * DAY_MS,
  }
  await searchDays(db, target, days, 'end', async ({ lookup, ...span }) => {
    const { rows } = await db.executeQuery<{ symbol: string }>(
      CompiledQuery.raw(lookup.symbols(target.table), [category, ...timeTexts(span)]),
    )
    for (const { symbol } of rows) ofDays.add(symbol)
    return false
  })
  const isWhole = days.from === interval.from && days.to === interval.to
  const symbols = isWhole
    ? ofDays
    : (await readEndTimes(db, target, { category, symbols: [...ofDays] }, interval, 'first')).keys()
  return [...symbols].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}
