import { CompiledQuery, type Kysely } from 'kysely'
import { believableSql, isBelievableSql, isReceivedBeforeSql } from '../columns/believable-sql.ts'
import { COLUMN_KINDS } from '../columns/column-kind.ts'
import { encodeTexts } from '../columns/encoding/encode-varying.ts'
import { sqlText } from '../columns/sql-text.ts'
import { type Interval, searchDays, timeTexts } from '../partitions/stored-days.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { DailyTable, StoredRow } from '../tables/shape/event-table.ts'
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
  query: SymbolsQuery,
  interval: Interval,
  end: 'first' | 'last',
): Promise<ReadonlyMap<string, number>> {
  const found = await searchEnds(db, target, query, interval, end)
  return new Map([...found].map(([symbol, { ts }]) => [symbol, ts]))
}

/**
 * Gives the last time at which each instrument certainly delivered, in epoch milliseconds: as
 * `readEndTimes` does, but a row whose exchange time is ahead of its receipt by more than a minute counts
 * as of its receipt, so that one absurd time does not hide what came after it.
 *
 * @param receivedBeforeUs only rows that were received before this time, in epoch microseconds
 */
export async function readLastBelievable<Row extends StoredRow>(
  db: Kysely<GridDatabase>,
  target: DailyTable<Row>,
  query: SymbolsQuery,
  interval: Interval,
  receivedBeforeUs?: number,
): Promise<ReadonlyMap<string, number>> {
  const { table } = target
  const isOfTime =
    receivedBeforeUs === undefined ? undefined : isReceivedBeforeSql(table, receivedBeforeUs)
  const found = await searchEnds(db, target, query, interval, 'last', isOfTime)
  const times = new Map([...found].map(([symbol, { believableTs }]) => [symbol, believableTs]))
  const absurd = [...found].filter(([, { ts, believableTs }]) => ts !== believableTs)
  if (absurd.length === 0) return times
  const symbols = absurd.map(([symbol]) => symbol)
  // Only a row from after the receipt of the absurd one can be later.
  const from = Math.max(interval.from, Math.min(...absurd.map(([, end]) => end.believableTs)))
  const isBelievable = isBelievableSql(table)
  const condition = isOfTime === undefined ? isBelievable : `${isBelievable} and ${isOfTime}`
  const later = { ...interval, from }
  const believed = await searchEnds(db, target, { ...query, symbols }, later, 'last', condition)
  for (const [symbol, { ts }] of believed) times.set(symbol, Math.max(ts, times.get(symbol) ?? ts))
  return times
}

/** Times of an instrument's first or last row. */
interface EndTime {
  readonly ts: number
  readonly believableTs: number
}

async function searchEnds<Row extends StoredRow>(
  db: Kysely<GridDatabase>,
  target: DailyTable<Row>,
  { category, symbols }: SymbolsQuery,
  interval: Interval,
  end: 'first' | 'last',
  condition?: string,
): Promise<ReadonlyMap<string, EndTime>> {
  const times = new Map<string, EndTime>()
  let missing = [...new Set(symbols)]
  const side = end === 'first' ? 'start' : 'end'
  await searchDays(db, target, interval, side, async ({ lookup, ...span }) => {
    const sql = endTimesSql(lookup.endTime(target.table, 'wanted.symbol', end, condition))
    const { rows } = await db.executeQuery<{ symbol: string; ts: string; believable: string }>(
      CompiledQuery.raw(sql, [category, encodeTexts(missing), ...timeTexts(span)]),
    )
    for (const { symbol, ts, believable } of rows) {
      times.set(symbol, { ts: Number(ts), believableTs: Number(believable) })
    }
    missing = missing.filter((symbol) => !times.has(symbol))
    return missing.length === 0
  })
  return times
}

/** SQL of the first or last exchange time of each symbol of `$2`, for those that have rows. */
function endTimesSql(endTime: string): string {
  const { readSql } = COLUMN_KINDS.ms
  return sqlText`
    select wanted.symbol, ${readSql('exchange_ts')} as ts,
      ${readSql(believableSql('found'))} as believable
    from unnest($2::text[]) as wanted (symbol)
    cross join lateral (
      ${endTime}
    ) as found`
}
