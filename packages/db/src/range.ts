import type { Category, GridEvent } from '@grid/core-events'
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
  /** Rows fetched at once. Default 1000. */
  readonly pageSize?: number
  /** Ends the reading with the signal's reason. */
  readonly signal?: AbortSignal
}

/** Reads events in total order, page by page along the primary key. */
export async function* readRange<Event extends GridEvent>(
  db: Kysely<GridDatabase>,
  target: EventTable<Event>,
  { category, symbol, from, to, pageSize = 1000, signal }: RangeQuery,
): AsyncGenerator<Event, void, undefined> {
  const select =
    `${selectSql(target.table, target.columns)} where category = $1 and symbol = $2 ` +
    // Times as constants, so that the planner touches only the partitions of these days.
    'and exchange_ts >= $3::timestamptz and exchange_ts < $4::timestamptz'
  // Qualified, because the bare names are those of the texts selected.
  const order = [`${target.table}.exchange_ts`, ...target.order.map(({ sql }) => sql)].join(', ')
  const cursor = target.order.map(({ type }, index) => `$${index + 5}::${type}`).join(', ')
  let last: Event | undefined
  for (;;) {
    signal?.throwIfAborted()
    const after = last === undefined ? '' : ` and (${order}) > ($3::timestamptz, ${cursor})`
    const { rows } = await db.executeQuery<TextRow>(
      CompiledQuery.raw(`${select}${after} order by ${order} limit ${pageSize}`, [
        category,
        symbol,
        timeText(last?.exchangeTs ?? from),
        timeText(to),
        ...(last === undefined ? [] : target.order.map(({ read }) => read(last as Event))),
      ]),
    )
    for (const row of rows) {
      signal?.throwIfAborted()
      // Sound: the table holds nothing but events of this channel.
      last = { channel: target.channel, ...decodeRow(target.columns, row) } as Event
      yield last
    }
    if (rows.length < pageSize) return
  }
}

function timeText(epochMs: number): string {
  return new Date(epochMs).toISOString()
}
