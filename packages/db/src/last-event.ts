import {
  type Category,
  EARLIEST_EXCHANGE_TS,
  LATEST_EXCHANGE_TS,
  nowMs,
  type PublicEvent,
  systemClock,
} from '@grid/core-events'
import { CompiledQuery, type Kysely } from 'kysely'
import { COLUMN_KINDS } from './column-kind.ts'
import { encodeTexts } from './encoding/encode-texts.ts'
import type { EventTable } from './event-table.ts'
import { DAY_MS, dayOf } from './partition-day.ts'
import type { GridDatabase } from './schema.ts'

/** One instrument. */
export interface SymbolQuery {
  readonly category: Category
  readonly symbol: string
}

/** Instruments of one category. */
export interface SymbolsQuery {
  readonly category: Category
  readonly symbols: readonly string[]
}

/** Days that the first query looks back, before today. */
const FIRST_DAYS = 1
/** Most days of a query: it locks the partitions of them all. */
const MOST_DAYS = 128

/**
 * Gives the exchange time of each instrument's newest row, in epoch milliseconds; an instrument
 * without rows is not in it.
 *
 * It looks back by growing spans of days, for those only that have none yet, so that few partitions
 * are touched; in each, an instrument costs one step down the primary key a partition.
 */
export async function readLastTs<Event extends PublicEvent>(
  db: Kysely<GridDatabase>,
  target: EventTable<Event>,
  { category, symbols }: SymbolsQuery,
): Promise<ReadonlyMap<string, number>> {
  const last = new Map<string, number>()
  const sql = lastSql(target)
  let missing = [...new Set(symbols)]
  let end = LATEST_EXCHANGE_TS
  // Where the first span starts is a guess for speed: every span down to the oldest day follows.
  let start = (dayOf(nowMs(systemClock)) - FIRST_DAYS) * DAY_MS
  for (let days = FIRST_DAYS; missing.length > 0 && end > EARLIEST_EXCHANGE_TS; ) {
    const { rows } = await db.executeQuery<{ symbol: string; ts: string }>(
      CompiledQuery.raw(sql, [category, encodeTexts(missing), timeText(start), timeText(end)]),
    )
    for (const { symbol, ts } of rows) last.set(symbol, Number(ts))
    missing = missing.filter((symbol) => !last.has(symbol))
    days = Math.min(days * 2, MOST_DAYS)
    end = start
    start = end - days * DAY_MS
  }
  return last
}

function lastSql<Event extends PublicEvent>({ table }: EventTable<Event>): string {
  return (
    `select wanted.symbol, ${COLUMN_KINDS.ms.readSql('exchange_ts')} as ts ` +
    'from unnest($2::text[]) as wanted (symbol) cross join lateral (' +
    `select exchange_ts from ${table} where category = $1 and symbol = wanted.symbol ` +
    'and exchange_ts >= $3::timestamptz and exchange_ts < $4::timestamptz ' +
    'order by exchange_ts desc limit 1) as newest'
  )
}

function timeText(epochMs: number): string {
  return new Date(epochMs).toISOString()
}
