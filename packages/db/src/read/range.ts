import type { Kysely } from 'kysely'
import { DAY_MS, startOfDay } from '../partitions/partition-day.ts'
import type { GridDatabase } from '../schema/database.ts'
import { readEndTimes } from './end-times.ts'
import { type Page, readAhead } from './read-ahead.ts'
import { possibleTimes, type SymbolQuery, type SymbolRow } from './symbol-query.ts'
import { type RowScope, windowReader } from './window-reader.ts'

/** Which interval to read, and how. */
export interface ReadInterval {
  /** First exchange time in epoch milliseconds, inclusive. */
  readonly from: number
  /** End in epoch milliseconds, exclusive. */
  readonly to: number
  /**
   * Most rows fetched at once; rows of one instant are never split. Default: pages grow from 100 to
   * 10,000 rows, so that the first row comes soon.
   */
  readonly pageSize?: number
  /** Ends the reading with the signal's reason. */
  readonly signal?: AbortSignal
}

/** Which events of one instrument to read. */
export interface RangeQuery extends SymbolQuery, ReadInterval {}

const FIRST_LIMIT = 100
const LARGEST_LIMIT = 10_000
const LIMIT_GROWTH = 4
/** Length of the first window; later ones depend on how many rows a second has. */
const FIRST_WINDOW_MS = 1000
const WINDOW_GROWTH = 8
/** How much of a page a window is planned to fill: a window with more rows is partly read twice. */
const FILL = 0.75

/**
 * Reads events in total order (exchange time, symbol, then the table's own order), one page ahead.
 *
 * A page is a window of time within one day. Its length follows from how many rows the window before it
 * had, so that no plan of the server reads much more than the page, however wrong its statistics are. A
 * window with more rows than a page holds ends before the first instant that did not fit.
 */
export function readRange<Row extends SymbolRow>(
  db: Kysely<GridDatabase>,
  scope: RowScope<Row>,
  { from, to, pageSize, signal }: ReadInterval,
): AsyncGenerator<Row, void, undefined> {
  if (pageSize !== undefined && !(Number.isSafeInteger(pageSize) && pageSize > 0)) {
    throw new RangeError(`pageSize ${pageSize} is not a positive whole number, such as 1000`)
  }
  const { target, category, symbols } = scope
  const { from: start, to: end } = possibleTimes({ from, to })
  const readWindow = windowReader(db, scope, { from: start, to: end })

  const fetchNextTs = async (first: number): Promise<number> => {
    const rest = { from: first, to: end }
    const firstTimes = await readEndTimes(db, target, { category, symbols }, rest, 'first')
    return Math.min(end, ...firstTimes.values())
  }

  const fetchPage = async (first: number, windowMs: number, limit: number): Promise<Page<Row>> => {
    if (first >= end) return { rows: [], next: null }
    const midnight = startOfDay(first) + DAY_MS
    const until = Math.min(first + windowMs, midnight, end)
    const nextLimit = pageSize ?? Math.min(limit * LIMIT_GROWTH, LARGEST_LIMIT)
    const pageTo = (rows: readonly Row[], next: number): Page<Row> => {
      const wanted = ((next - first) * nextLimit * FILL) / Math.max(rows.length, 1)
      const nextWindow = Math.ceil(Math.min(wanted, windowMs * WINDOW_GROWTH, DAY_MS))
      return { rows, next: next < end ? () => fetchPage(next, nextWindow, nextLimit) : null }
    }
    const rows = await readWindow({ from: first, to: until }, limit)
    if (rows.length === 0) return pageTo(rows, await fetchNextTs(until))
    if (rows.length < limit) return pageTo(rows, until)
    const lastTs = rows.at(-1)?.exchangeTs ?? until
    const whole = rows.filter((row) => row.exchangeTs < lastTs)
    if (whole.length > 0) return pageTo(whole, lastTs)
    return pageTo(await readWindow({ from: lastTs, to: lastTs + 1 }, null), lastTs + 1)
  }

  return readAhead(() => fetchPage(start, FIRST_WINDOW_MS, pageSize ?? FIRST_LIMIT), {
    signal,
    // Between two rows a transaction's connection belongs to the caller.
    isAhead: !db.isTransaction,
  })
}
