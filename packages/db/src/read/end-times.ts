import { CompiledQuery, type Kysely } from 'kysely'
import { COLUMN_KINDS } from '../columns/column-kind.ts'
import { encodeTexts } from '../columns/encoding/encode-varying.ts'
import { type Interval, searchDays, timeTexts } from '../partitions/stored-days.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { DailyTable, StoredRow } from '../tables/event-table.ts'
import { scopeSql } from '../tables/scope-sql.ts'
import type { SymbolsQuery } from './symbol-query.ts'

/**
 * Gives the exchange time of each instrument's first or last row in an interval, in epoch
 * milliseconds; an instrument without rows is not in it.
 *
 * It searches growing spans of days, for those only that have none yet, so that few partitions are
 * touched; in each, an instrument costs one step down the index of a partition.
 */
export async function readEndTimes<Row extends StoredRow>(
  db: Kysely<GridDatabase>,
  target: DailyTable<Row>,
  { category, symbols }: SymbolsQuery,
  interval: Interval,
  end: 'first' | 'last',
): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number>()
  const sql = endTimesSql(target, end)
  let missing = [...new Set(symbols)]
  const side = end === 'first' ? 'start' : 'end'
  await searchDays(db, target.table, interval, side, async (span) => {
    const { rows } = await db.executeQuery<{ symbol: string; ts: string }>(
      CompiledQuery.raw(sql, [category, encodeTexts(missing), ...timeTexts(span)]),
    )
    for (const { symbol, ts } of rows) times.set(symbol, Number(ts))
    missing = missing.filter((symbol) => !times.has(symbol))
    return missing.length === 0
  })
  return times
}

/** SQL of an instrument's first or last exchange time between $3 and $4, the instrument as `wanted`. */
export function endTimeSql<Row extends StoredRow>(
  target: DailyTable<Row>,
  end: 'first' | 'last',
): string {
  const { table, hashed } = target
  const rows = `from ${table} where ${scopeSql(target, 'wanted.symbol')}`
  const edge = (term: string): string =>
    `order by ${term} ${end === 'first' ? 'asc' : 'desc'} limit 1`
  if (hashed === undefined) return `select exchange_ts ${rows} ${edge('exchange_ts')}`
  // By the index's own order alone: no plan of this one reads more rows and sorts them.
  const second = hashed.second('exchange_ts')
  return (
    `select within.exchange_ts from (select ${second} as second ${rows} ${edge(second)}) as edge ` +
    `cross join lateral (select exchange_ts ${rows} and ${second} = edge.second ` +
    `${edge('exchange_ts')}) as within`
  )
}

function endTimesSql<Row extends StoredRow>(
  target: DailyTable<Row>,
  end: 'first' | 'last',
): string {
  return (
    `select wanted.symbol, ${COLUMN_KINDS.ms.readSql('exchange_ts')} as ts ` +
    'from unnest($2::text[]) as wanted (symbol) cross join lateral (' +
    `${endTimeSql(target, end)}) as found`
  )
}
