import { believableTs } from '@grid/core-events'
import { CompiledQuery, type Kysely } from 'kysely'
import { inOrder, RowFold } from '../carried/fold-rows.ts'
import { neededRowsSql } from '../carried/needed-rows.ts'
import { encodeTexts } from '../columns/encoding/encode-varying.ts'
import { listText, sqlText } from '../columns/sql-text.ts'
import { startOfDay } from '../partitions/partition-day.ts'
import { type DaySpan, type Interval, searchDays, timeTexts } from '../partitions/stored-days.ts'
import type { GridDatabase } from '../schema/database.ts'
import {
  type DailyTable,
  reversed,
  type StoredRow,
  sourceSql,
} from '../tables/shape/event-table.ts'
import { ASKED, type Lookup } from '../tables/shape/lookup.ts'
import type { CarriedValues } from '../tables/shape/row-form.ts'
import { decodeFormed, formedPageSql } from './carried-page.ts'
import { decodePage, type PageTexts, pageSql } from './column-page.ts'
import { readLastBelievable } from './end-times.ts'
import { possibleTimes, type SymbolRow, type SymbolsQuery } from './symbol-query.ts'

/**
 * Gives each instrument's newest row in an interval, by the total order; an instrument without rows is
 * left out. Searches as `readEndTimes` does.
 */
export async function readNewestRows<Row extends SymbolRow>(
  db: Kysely<GridDatabase>,
  target: DailyTable<Row>,
  { category, symbols }: SymbolsQuery,
  interval: Interval,
): Promise<ReadonlyMap<string, Row>> {
  const newest = new Map<string, Row>()
  let missing = [...new Set(symbols)]
  await searchDays(db, target, interval, 'end', async (span) => {
    const rows = await newestOfSpan(db, target, { category, symbols: missing }, span)
    for (const row of rows) newest.set(row.symbol, row)
    missing = missing.filter((symbol) => !newest.has(symbol))
    return missing.length === 0
  })
  return newest
}

/**
 * Gives each instrument's newest row, by symbol; an instrument without rows is left out. One whose
 * exchange time is ahead of its receipt by more than a minute does not hide the rows that came after it.
 */
export async function readLatestRows<Row extends SymbolRow>(
  db: Kysely<GridDatabase>,
  target: DailyTable<Row>,
  query: SymbolsQuery,
): Promise<ReadonlyMap<string, Row>> {
  const latest = new Map(await readNewestRows(db, target, query, possibleTimes({})))
  const absurd = [...latest.values()].filter((row) => believableTs(row) !== row.exchangeTs)
  if (absurd.length === 0) return latest
  const names = absurd.map(({ symbol }) => symbol)
  const times = await readLastBelievable(
    db,
    target,
    { ...query, symbols: names },
    possibleTimes({}),
  )
  for (const row of absurd) {
    const ts = times.get(row.symbol) ?? 0
    if (ts <= believableTs(row)) continue
    const interval = possibleTimes({ to: ts + 1 })
    const later = await readNewestRows(db, target, { ...query, symbols: [row.symbol] }, interval)
    for (const [symbol, newest] of later) latest.set(symbol, newest)
  }
  return latest
}

async function newestOfSpan<Row extends SymbolRow>(
  db: Kysely<GridDatabase>,
  target: DailyTable<Row>,
  { category, symbols }: SymbolsQuery,
  { lookup, ...span }: DaySpan,
): Promise<readonly Row[]> {
  const { channel, columns, compare, carried } = target
  // Sound: the table holds events of this channel only.
  const constants = { channel } as Partial<Row>
  const fetch = async (sql: string, from: number): Promise<PageTexts> => {
    const times = timeTexts({ from, to: span.to })
    const { rows } = await db.executeQuery<PageTexts>(
      CompiledQuery.raw(sql, [category, encodeTexts(symbols), ...times]),
    )
    return rows[0] ?? {}
  }
  if (carried === undefined) {
    const page = await fetch(newestSql(target, lookup), span.from)
    return decodePage(columns, page, constants)
  }
  // What a row builds on is looked for in all of its day.
  const page = await fetch(neededSql(target, carried, lookup), startOfDay(span.from))
  const stored = inOrder(decodeFormed(columns, page, constants), compare)
  const whole = new RowFold(carried).complete(stored)
  return whole.filter(
    ({ symbol, exchangeTs }, index) =>
      whole[index + 1]?.symbol !== symbol && exchangeTs >= span.from,
  )
}

/**
 * SQL of the newest row of each symbol of `$2`, as a page. The time comes first, by one step down the
 * index; the last of that instant's rows is then one of few.
 */
function newestSql<Row extends StoredRow>(target: DailyTable<Row>, lookup: Lookup): string {
  const { table, columns, order } = target
  return pageSql(
    columns,
    sqlText`
      select newest.*
      from unnest($2::text[]) as wanted (symbol)
      cross join lateral (
        ${lookup.endTime(table, 'wanted.symbol', 'last')}
      ) as last (ts)
      cross join lateral (
        select
          ${listText(columns.map(({ name }) => name))}
        from ${sourceSql(target)}
        where ${lookup.ofSymbol('wanted.symbol')}
          and ${lookup.atInstant('last.ts')}
        order by ${reversed(order).join(', ')}
        limit 1
      ) as newest`,
  )
}

/** SQL of the rows that make the newest row of each symbol of `$2` whole, as a page. */
function neededSql<Row extends StoredRow>(
  target: DailyTable<Row>,
  carried: CarriedValues<Row>,
  lookup: Lookup,
): string {
  const { columns } = target
  const symbol = 'wanted.symbol'
  const needed = { target, carried, lookup, columns, symbol, interval: ASKED }
  return formedPageSql(
    columns,
    sqlText`
      select needed.*
      from unnest($2::text[]) as wanted (symbol)
      cross join lateral (
        ${neededRowsSql(needed)}
      ) as needed`,
  )
}
