import {
  type Category,
  EARLIEST_EXCHANGE_TS,
  LATEST_EXCHANGE_TS,
  type PublicEvent,
} from '@grid/core-events'
import { CompiledQuery, type Kysely } from 'kysely'
import { decodeRow, selectSql, type TextRow } from './column.ts'
import type { EventTable } from './event-table.ts'
import type { GridDatabase } from './schema.ts'

/** Which events of one instrument to read. */
export interface RangeQuery {
  readonly category: Category
  readonly symbol: string
  /** First exchange time in epoch milliseconds, inclusive. */
  readonly from: number
  /** End in epoch milliseconds, exclusive. */
  readonly to: number
  /** Rows fetched at once, and as many more as share the last one's instant. Default 1000. */
  readonly pageSize?: number
  /** Ends the reading with the signal's reason. */
  readonly signal?: AbortSignal
}

/** Reads events in total order, page by page along the primary key. */
export async function* readRange<Event extends PublicEvent>(
  db: Kysely<GridDatabase>,
  target: EventTable<Event>,
  { category, symbol, from, to, pageSize = 1000, signal }: RangeQuery,
): AsyncGenerator<Event, void, undefined> {
  const sql = pageSql(target, pageSize)
  // No event is outside these bounds, and PostgreSQL reads not every date of JavaScript.
  let next = Math.max(from, EARLIEST_EXCHANGE_TS)
  const end = Math.min(to, LATEST_EXCHANGE_TS)
  while (next < end) {
    signal?.throwIfAborted()
    const { rows } = await db.executeQuery<TextRow>(
      CompiledQuery.raw(sql, [category, symbol, timeText(next), timeText(end)]),
    )
    for (const row of rows) {
      signal?.throwIfAborted()
      // Sound: the table holds nothing but events of this channel.
      const event = { channel: target.channel, ...decodeRow(target.columns, row) } as Event
      next = event.exchangeTs + 1
      yield event
    }
    if (rows.length < pageSize) return
  }
}

/**
 * A page ends with an instant, so that the next one goes on after it. Only the search for that
 * instant needs the index's order, which it has by itself: a sort by the total order with a limit
 * makes the planner sort the rest of the day for each page of a table that was not analyzed yet.
 */
function pageSql<Event extends PublicEvent>(
  { table, columns, order }: EventTable<Event>,
  pageSize: number,
): string {
  // Times as constants, so that the planner touches only the partitions of these days; names
  // qualified, because the bare ones are those of the texts selected.
  const within =
    'category = $1 and symbol = $2 and exchange_ts >= $3::timestamptz and exchange_ts < $4::timestamptz'
  const lastInstant =
    `select exchange_ts from ${table} where ${within} ` +
    `order by category, symbol, exchange_ts offset ${pageSize - 1} limit 1`
  return (
    `${selectSql(table, columns)} where ${within} ` +
    `and exchange_ts <= coalesce((${lastInstant}), 'infinity') ` +
    `order by ${[`${table}.exchange_ts`, ...order].join(', ')}`
  )
}

function timeText(epochMs: number): string {
  return new Date(epochMs).toISOString()
}
