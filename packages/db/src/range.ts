import { type Category, EARLIEST_EXCHANGE_TS, LATEST_EXCHANGE_TS } from '@grid/core-events'
import { CompiledQuery, type Kysely } from 'kysely'
import { decodePage, type PageTexts, pageSql } from './column-page.ts'
import { encodeTexts } from './encoding/encode-texts.ts'
import type { EventTable, StoredRow } from './event-table.ts'
import { DAY_MS } from './partition-day.ts'
import { type Page, readAhead } from './read-ahead.ts'
import type { GridDatabase } from './schema.ts'

/** Which interval to read, and how. */
export interface ReadInterval {
  /** First exchange time in epoch milliseconds, inclusive. */
  readonly from: number
  /** End in epoch milliseconds, exclusive. */
  readonly to: number
  /**
   * Most rows fetched at once, except when more share one instant. Left out, pages grow from 100 to
   * 5000 rows, so that the first row comes soon.
   */
  readonly pageSize?: number
  /** Ends the reading with the signal's reason. */
  readonly signal?: AbortSignal
}

/** Which events of one instrument to read. */
export interface RangeQuery extends ReadInterval {
  readonly category: Category
  readonly symbol: string
}

/** Which rows of a table to read, as SQL. */
export interface RowScope<Row extends StoredRow> {
  readonly target: EventTable<Row>
  readonly category: Category
  readonly symbols: readonly string[]
}

const FIRST_LIMIT = 100
const LARGEST_LIMIT = 5000
const LIMIT_GROWTH = 4
/** Length of the first window; what follows is as long as its rows are dense. */
const FIRST_WINDOW_MS = 1000
const WINDOW_GROWTH = 8
/** How much of a page a window is meant to fill: one that does not fit is read again in part. */
const FILL = 0.75

/**
 * Reads events in total order (exchange time, symbol, then the table's own), page by page, one page
 * ahead.
 *
 * A page is a window of time, as long as the density of the rows before it suggests and within a
 * day, so that no plan of the server's, however wrong its statistics, reads much more than the page.
 * A window of more rows than a page holds ends before the first instant that did not fit.
 */
export function readRange<Row extends StoredRow>(
  db: Kysely<GridDatabase>,
  { target, category, symbols }: RowScope<Row>,
  { from, to, pageSize, signal }: ReadInterval,
): AsyncGenerator<Row, void, undefined> {
  const scope = [category, encodeTexts([...new Set(symbols)])]
  const rowsSql = windowSql(target)
  // Sound: the table holds nothing but events of this channel.
  const constants = { channel: target.channel } as Partial<Row>
  // No event is outside these bounds, and PostgreSQL reads not every date of JavaScript.
  const end = Math.min(to, LATEST_EXCHANGE_TS)

  const fetchRows = async (first: number, until: number, limit: number | null) => {
    const parameters = [...scope, timeText(first), timeText(until), limit]
    const { rows } = await db.executeQuery<PageTexts>(CompiledQuery.raw(rowsSql, parameters))
    return rows.flatMap((page) => decodePage(target.columns, page, constants))
  }

  const fetchNextTs = async (first: number): Promise<number> => {
    if (first >= end) return end
    const { rows } = await db.executeQuery<{ ts: string | null }>(
      CompiledQuery.raw(nextTsSql(target), [...scope, timeText(first), timeText(end)]),
    )
    return Number(rows[0]?.ts ?? end)
  }

  const fetchPage = async (first: number, windowMs: number, limit: number): Promise<Page<Row>> => {
    if (first >= end) return { rows: [], next: null }
    const midnight = (Math.floor(first / DAY_MS) + 1) * DAY_MS
    const until = Math.min(first + windowMs, midnight, end)
    const nextLimit = pageSize ?? Math.min(limit * LIMIT_GROWTH, LARGEST_LIMIT)
    const pageTo = (rows: readonly Row[], next: number): Page<Row> => {
      const wanted = ((next - first) * nextLimit * FILL) / Math.max(rows.length, 1)
      const nextWindow = Math.ceil(Math.min(wanted, windowMs * WINDOW_GROWTH, DAY_MS))
      return { rows, next: next < end ? () => fetchPage(next, nextWindow, nextLimit) : null }
    }
    const rows = await fetchRows(first, until, limit)
    if (rows.length === 0) return pageTo(rows, await fetchNextTs(until))
    if (rows.length < limit) return pageTo(rows, until)
    const lastTs = rows.at(-1)?.exchangeTs ?? until
    const whole = rows.filter((row) => row.exchangeTs < lastTs)
    if (whole.length > 0) return pageTo(whole, lastTs)
    return pageTo(await fetchRows(lastTs, lastTs + 1, null), lastTs + 1)
  }

  const start = Math.max(from, EARLIEST_EXCHANGE_TS)
  return readAhead(() => fetchPage(start, FIRST_WINDOW_MS, pageSize ?? FIRST_LIMIT), {
    signal,
    // A transaction's connection is the caller's between two rows.
    isAhead: !db.isTransaction,
  })
}

function windowSql<Row extends StoredRow>({ table, columns, order }: EventTable<Row>): string {
  const names = columns.map(({ name }) => name).join(', ')
  // Times as constants, so that the planner touches only the partition of this day.
  return pageSql(
    columns,
    `select ${names} from ${table} where category = $1 and symbol = any($2::text[]) ` +
      'and exchange_ts >= $3::timestamptz and exchange_ts < $4::timestamptz ' +
      `order by ${['exchange_ts', 'symbol', ...order].join(', ')} limit $5::bigint`,
  )
}

/** One step down the primary key an instrument, in the first partition that has a row of it. */
function nextTsSql<Row extends StoredRow>({ table }: EventTable<Row>): string {
  return (
    'select (extract(epoch from min(next.exchange_ts)) * 1000)::bigint::text as ts ' +
    'from unnest($2::text[]) as wanted (symbol) cross join lateral (' +
    `select exchange_ts from ${table} where category = $1 and symbol = wanted.symbol ` +
    'and exchange_ts >= $3::timestamptz and exchange_ts < $4::timestamptz ' +
    'order by exchange_ts limit 1) as next'
  )
}

function timeText(epochMs: number): string {
  return new Date(epochMs).toISOString()
}
