import { CompiledQuery, type Kysely } from 'kysely'
import { COLUMN_KINDS } from '../columns/column-kind.ts'
import { encodeTexts } from '../columns/encoding/encode-varying.ts'
import { sqlText } from '../columns/sql-text.ts'
import { type Interval, searchDays, timeTexts } from '../partitions/stored-days.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { DailyTable, StoredRow } from '../tables/shape/event-table.ts'
import type { Lookup } from '../tables/shape/lookup.ts'
import type { SymbolsQuery } from './symbol-query.ts'

/**
 * Gives the exchange time of each instrument's first or last row in an interval, in epoch milliseconds;
 * an instrument without rows is left out.
 *
 * It searches growing spans of days for the instruments that were not found yet, so that few partitions
 * are touched. In each partition an instrument costs one step down the index.
 */
export async function readEndTimes<Row extends StoredRow>(
  db: Kysely<GridDatabase>,
  target: DailyTable<Row>,
  { category, symbols }: SymbolsQuery,
  interval: Interval,
  end: 'first' | 'last',
): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number>()
  let missing = [...new Set(symbols)]
  const side = end === 'first' ? 'start' : 'end'
  await searchDays(db, target, interval, side, async ({ lookup, ...span }) => {
    const sql = endTimesSql(target.table, lookup, end)
    const { rows } = await db.executeQuery<{ symbol: string; ts: string }>(
      CompiledQuery.raw(sql, [category, encodeTexts(missing), ...timeTexts(span)]),
    )
    for (const { symbol, ts } of rows) times.set(symbol, Number(ts))
    missing = missing.filter((symbol) => !times.has(symbol))
    return missing.length === 0
  })
  return times
}

/** SQL of the first or last exchange time of each symbol of `$2`, for those that have rows. */
function endTimesSql(table: string, lookup: Lookup, end: 'first' | 'last'): string {
  return sqlText`
    select wanted.symbol, ${COLUMN_KINDS.ms.readSql('exchange_ts')} as ts
    from unnest($2::text[]) as wanted (symbol)
    cross join lateral (
      ${lookup.endTime(table, 'wanted.symbol', end)}
    ) as found`
}
