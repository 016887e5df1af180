import type { Channel, GridEvent } from '@grid/core-events'
import { CompiledQuery, type Kysely, sql } from 'kysely'
import type { CarriedTable, InstrumentRow } from '../carried/narrow-rows.ts'
import { insertSql } from '../columns/column.ts'
import { DatabaseError } from '../errors.ts'
import { columnArrays } from '../insert/encode-batch.ts'
import { DAY_MS, dayOf, dayText } from '../partitions/partition-day.ts'
import type { GridDatabase } from '../schema/database.ts'
import { ACCOUNT_TABLES } from '../tables/account-tables.ts'
import { isPartitionedTable } from '../tables/daily-tables.ts'
import { MARKET_TABLES } from '../tables/market-tables.ts'
import type { EventTable, StoredRow } from '../tables/shape/event-table.ts'
import {
  type Bounds,
  deleteSql,
  deriveSql,
  keepFilledSql,
  keepHeirsSql,
  keyColumns,
  markFramesSql,
  markKeysSql,
  putBackFilledSql,
} from './replace-sql.ts'
import { FRAME_COLUMNS, FRAMES, MAKE_TABLES, type ReplacedFrame, ROWS } from './replaced-frames.ts'

/** Rows of a wrong exchange time are looked for this many days before and after the frames. */
const DAYS_AROUND = 1

/**
 * Deletes what was made of frames, so that it can be stored again. {@link replaceRows} gives one.
 *
 * A row was made of a frame if it came over a socket and has the frame's receive time and stream. Rows of REST
 * replies and of other collectors stay. So do values that others rely on: a ticker that builds on one that goes keeps
 * its values, what REST filled into an execution is put back, and the newest states of orders follow from those that
 * are left.
 */
export class RowReplacement {
  readonly #trx: Kysely<GridDatabase>
  readonly #channels = new Set<Channel>()
  #firstUs = Number.POSITIVE_INFINITY
  #lastUs = Number.NEGATIVE_INFINITY

  constructor(trx: Kysely<GridDatabase>) {
    this.#trx = trx
  }

  async begin(): Promise<void> {
    for (const statement of MAKE_TABLES) await this.#run(statement)
  }

  /**
   * Takes frames, of any number of streams: all of them before the first `remove`.
   *
   * @example
   * await replacement.note([{ channel: 'ticker', category: 'linear', symbol: 'BTCUSDT', accountId: null, localTsUs }])
   */
  async note(frames: readonly ReplacedFrame[]): Promise<void> {
    if (frames.length === 0) return
    for (const { channel, localTsUs } of frames) {
      if (!this.#channels.has(channel)) await this.#assertMayDelete(targetOf(channel))
      this.#channels.add(channel)
      this.#firstUs = Math.min(this.#firstUs, localTsUs)
      this.#lastUs = Math.max(this.#lastUs, localTsUs)
    }
    const arrays = columnArrays(FRAME_COLUMNS, frames)
    await this.#trx.executeQuery(CompiledQuery.raw(insertSql(FRAMES, FRAME_COLUMNS), [...arrays]))
  }

  /**
   * Deletes the rows that were made of the frames; gives how many of each channel.
   *
   * @example
   * const trades = (await replacement.remove()).get('publicTrade') ?? 0
   */
  async remove(): Promise<ReadonlyMap<Channel, number>> {
    await this.#run(`create index on ${FRAMES} (channel, local_ts)`)
    await this.#run(`analyze ${FRAMES}`)
    const removed = new Map<Channel, number>()
    for (const channel of this.#channels) {
      const target = targetOf(channel)
      await this.#run(markFramesSql(target, this.#boundsOf(target)))
      removed.set(channel, await this.#removeMarked(target))
    }
    return removed
  }

  /**
   * Deletes the rows under the keys of events of a channel that were made of other frames, as another collector
   * stores them; gives how many. For events that conflict with such rows, and can then be stored.
   *
   * @example
   * if ((await replacement.removeOthers('ticker', events)) > 0) await tickers.bulkInsert(events)
   */
  async removeOthers(channel: Channel, events: readonly GridEvent[]): Promise<number> {
    const target = targetOf(channel)
    // Sound: the events are the channel's.
    const arrays = columnArrays(keyColumns(target), events as unknown as readonly StoredRow[])
    await this.#run(markKeysSql(target, this.#boundsOf(target)), arrays)
    return this.#removeMarked(target)
  }

  /** Puts back what was filled into rows that are stored again. */
  async end(): Promise<void> {
    for (const channel of this.#channels) {
      const target = targetOf(channel)
      if (target.fills !== undefined) await this.#run(putBackFilledSql(target))
    }
  }

  async #removeMarked(target: EventTable<StoredRow>): Promise<number> {
    const bounds = this.#boundsOf(target)
    const { before, after } = deriveSql(target)
    await this.#run(`analyze ${ROWS}`)
    if ('carried' in target) {
      // Sound: only tables of market data carry values.
      await this.#run(keepHeirsSql(target as unknown as CarriedTable<InstrumentRow>, bounds))
    }
    if (target.fills !== undefined) {
      for (const statement of keepFilledSql(target)) await this.#run(statement)
    }
    for (const statement of before) await this.#run(statement)
    const deleted = await this.#run(deleteSql(target, bounds))
    for (const statement of after) await this.#run(statement)
    await this.#run(`truncate ${ROWS}`)
    return deleted
  }

  /** No role is granted deletion: it is the right of the tables' owner. */
  async #assertMayDelete({ derives, table }: EventTable<StoredRow>): Promise<void> {
    const tables = derives === undefined ? [table] : [table, derives.table]
    const { rows } = await sql<{ table: string; me: string }>`
      select name as table, current_user::text as me
      from unnest(${tables}::text[]) as name
      where not has_table_privilege(name, 'delete')`.execute(this.#trx)
    const [forbidden] = rows
    if (forbidden === undefined) return
    throw new DatabaseError(
      'NOT_OWNER',
      `${forbidden.me} may not delete rows of ${forbidden.table}: name the login that owns the tables, a member of grid_owner and grid_writer`,
      { context: { table: forbidden.table, role: forbidden.me } },
    )
  }

  #boundsOf({ table }: Pick<EventTable<StoredRow>, 'table'>): Bounds {
    if (!isPartitionedTable(table)) return null
    const [first, last] = [
      dayOf(this.#firstUs / 1000) - DAYS_AROUND,
      dayOf(this.#lastUs / 1000) + DAYS_AROUND,
    ]
    // The last instant of the last day: rows have whole milliseconds.
    const end = new Date((last + 1) * DAY_MS - 1).toISOString()
    return { first: `'${dayText(first)} 00:00:00+00'::timestamptz`, last: `'${end}'::timestamptz` }
  }

  async #run(statement: string, parameters: readonly unknown[] = []): Promise<number> {
    const query = CompiledQuery.raw(statement, [...parameters])
    const { numAffectedRows } = await this.#trx.executeQuery(query)
    return Number(numAffectedRows ?? 0n)
  }
}

function targetOf(channel: Channel): EventTable<StoredRow> {
  const tables: Readonly<Record<string, unknown>> = { ...MARKET_TABLES, ...ACCOUNT_TABLES }
  // Sound: every channel has its table, and its rows are only read here.
  return tables[channel] as EventTable<StoredRow>
}
