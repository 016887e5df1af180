import { CompiledQuery, type Kysely } from 'kysely'
import { COLUMN_KINDS } from '../columns/column-kind.ts'
import { encodeTexts } from '../columns/encoding/encode-varying.ts'
import { sqlText } from '../columns/sql-text.ts'
import { DAY_MS } from '../partitions/partition-day.ts'
import { storedDays, type TableOfDays, timeTexts } from '../partitions/stored-days.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { Lookup } from '../tables/shape/lookup.ts'

/** Exchange times of an instrument's first and last stored rows of a day, in epoch milliseconds. */
export interface StoredEnds {
  readonly firstTs: number
  readonly lastTs: number
}

/** Instruments of a category, and a UTC day as a number of days since 1970. */
export interface DayQuery {
  readonly category: string
  readonly symbols: readonly string[]
  readonly day: number
}

/** Gives the first and last times of each instrument's rows of a day; one without rows is left out. */
export async function readStoredEnds(
  db: Kysely<GridDatabase>,
  target: TableOfDays,
  { category, symbols, day }: DayQuery,
): Promise<ReadonlyMap<string, StoredEnds>> {
  const times = { from: day * DAY_MS, to: (day + 1) * DAY_MS }
  const [stored] = await storedDays(db, target, times)
  const sql = endsSql(target.table, stored?.lookup ?? target.lookup)
  const { rows } = await db.executeQuery<{ symbol: string; first: string; last: string }>(
    CompiledQuery.raw(sql, [category, encodeTexts([...symbols]), ...timeTexts(times)]),
  )
  return new Map(
    rows.map(({ symbol, first, last }) => [
      symbol,
      { firstTs: Number(first), lastTs: Number(last) },
    ]),
  )
}

function endsSql(table: string, lookup: Lookup): string {
  const { readSql } = COLUMN_KINDS.ms
  return sqlText`
    select wanted.symbol, ${readSql('first.ts')} as first, ${readSql('last.ts')} as last
    from unnest($2::text[]) as wanted (symbol)
    cross join lateral (
      ${lookup.endTime(table, 'wanted.symbol', 'first')}
    ) as first (ts)
    cross join lateral (
      ${lookup.endTime(table, 'wanted.symbol', 'last')}
    ) as last (ts)`
}
