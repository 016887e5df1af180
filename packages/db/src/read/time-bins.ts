import { CompiledQuery, type Kysely } from 'kysely'
import type { Column } from '../columns/column.ts'
import { DAY_MS } from '../partitions/partition-day.ts'
import {
  type StoredDay,
  storedDays,
  type TableOfDays,
  timeTexts,
} from '../partitions/stored-days.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { Lookup } from '../tables/shape/lookup.ts'
import { decodePage, type PageTexts, pageSql } from './column-page.ts'
import { type Page, readAhead } from './read-ahead.ts'
import { possibleTimes, type SymbolQuery } from './symbol-query.ts'

/** A length of time that divides a day: whole seconds (`s`), minutes (`m`), hours (`h`) or `1d`. */
export type BinLength = `${number}${'s' | 'm' | 'h' | 'd'}`

/** Which bins of an instrument to read. `from` is rounded down, `to` up, to the start of a bin. */
export interface BinsQuery extends SymbolQuery {
  /** Epoch milliseconds, inclusive. */
  readonly from: number
  /** Epoch milliseconds, exclusive. */
  readonly to: number
  /** Ends the reading with the signal's reason. */
  readonly signal?: AbortSignal
}

/** What is computed for each bin. */
export interface BinTarget<Bin> {
  readonly target: TableOfDays
  readonly columns: readonly Column<Bin>[]
  /**
   * SQL of the bins of category $1 and symbol $2 from $3 to before $4, each of length $5 (an
   * interval), on days whose rows are found by a lookup.
   */
  readonly sql: (lookup: Lookup) => string
}

const UNIT_SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const
/** Most bins of a page. */
const PAGE_BINS = 5000

/** SQL of the start of the bin that an exchange time lies in; bins count from midnight UTC. */
export const BIN_SQL = "date_bin($5::interval, exchange_ts, timestamptz 'epoch')"

/**
 * Reads what is computed for each bin, in order of time; a bin without rows is left out.
 *
 * Throws a `RangeError` for a length that does not divide a day.
 */
export function readBins<Bin>(
  db: Kysely<GridDatabase>,
  { target, columns, sql }: BinTarget<Bin>,
  { category, symbol, from, to, signal }: BinsQuery,
  length: BinLength,
): AsyncGenerator<Bin, void, undefined> {
  const binMs = binLengthMs(length)
  const whole = possibleTimes({
    from: Math.floor(from / binMs) * binMs,
    to: Math.ceil(to / binMs) * binMs,
  })
  const pageMs = Math.min(DAY_MS, PAGE_BINS * binMs)

  /** Fetches the page of the first of `days` that starts at `first`. */
  const fetchPage = async (days: readonly StoredDay[], first: number): Promise<Page<Bin>> => {
    const [stored, ...later] = days
    if (stored === undefined) return { rows: [], next: null }
    const { day, lookup } = stored
    const start = Math.max(first, day * DAY_MS, whole.from)
    const end = Math.min(start + pageMs, (day + 1) * DAY_MS, whole.to)
    const times = timeTexts({ from: start, to: end })
    const { rows: pages } = await db.executeQuery<PageTexts>(
      CompiledQuery.raw(pageSql(columns, sql(lookup)), [
        category,
        symbol,
        ...times,
        `${binMs / 1000} s`,
      ]),
    )
    const rows = pages.flatMap((page) => decodePage<Bin>(columns, page, {}))
    const isDayDone = end === Math.min((day + 1) * DAY_MS, whole.to)
    return { rows, next: () => fetchPage(isDayDone ? later : days, end) }
  }
  const first = async (): Promise<Page<Bin>> =>
    fetchPage(await storedDays(db, target, whole), whole.from)
  return readAhead(first, { signal, isAhead: !db.isTransaction })
}

function binLengthMs(length: string): number {
  const [, count, unit] = /^([1-9]\d*)([smhd])$/.exec(length) ?? []
  const binMs = Number(count) * UNIT_SECONDS[unit as keyof typeof UNIT_SECONDS] * 1000
  if (DAY_MS % binMs === 0) return binMs
  throw new RangeError(
    `length "${length}" is not a whole number of seconds (s), minutes (m), hours (h) or days (d) ` +
      'that divides a day, such as 1s, 5m, 4h or 1d',
  )
}
