import type { Stream } from '@grid/core-events'
import { CompiledQuery, type Kysely } from 'kysely'
import { isoOf, msSql } from '../columns/instant.ts'
import { sqlText } from '../columns/sql-text.ts'
import type { GridDatabase } from '../schema/database.ts'
import {
  addStreams,
  IS_NAMED,
  rowOf,
  STREAM_TYPES,
  type StreamRow,
  streamOfRow,
} from './streams.ts'

/** From when on a stream is to be captured. */
export interface WantedStream {
  readonly stream: Stream
  /** Exchange time in epoch milliseconds, inclusive. */
  readonly from: number
}

/** A stream that is to be captured no longer. */
export interface UnwantedStream extends WantedStream {
  /** Exchange time in epoch milliseconds, exclusive. */
  readonly to: number
}

const BEGIN = sqlText`
  insert into wanted_spans (stream_id, collector, from_ts)
  select stream.id, $2::text, min(named.from_ts)
  from jsonb_to_recordset($1::jsonb) as named (${STREAM_TYPES}, from_ts timestamptz)
  join streams stream on ${IS_NAMED}
  group by stream.id
  -- Wanted already, or a call that is repeated.
  on conflict do nothing`

const END = sqlText`
  update wanted_spans span
  set to_ts = greatest(span.from_ts, named.to_ts)
  from jsonb_to_recordset($1::jsonb) as named (${STREAM_TYPES}, from_ts timestamptz, to_ts timestamptz)
  join streams stream on ${IS_NAMED}
  where (span.stream_id, span.collector, span.from_ts) = (stream.id, $2::text, named.from_ts)
    and span.to_ts is null`

const LIST = sqlText`
  select channel, category, symbol, variant, account_id::text as account_id, ${msSql('from_ts')} as from
  from wanted_spans
  join streams on streams.id = stream_id
  where collector = $1::text and to_ts is null
  order by channel, category, symbol, variant, account_id`

/**
 * Keeps what each collector is to capture and since when, table `wanted_spans`. What is wanted and not covered is
 * a gap, so a stop and a crash end nothing.
 *
 * @example
 * await new WantedRepository(db).begin('saver-1', [{ stream, from }])
 */
export class WantedRepository {
  readonly #db: Kysely<GridDatabase>

  /** Works on a database or within a transaction. */
  constructor(db: Kysely<GridDatabase>) {
    this.#db = db
  }

  /**
   * Wants streams from a time on. Those that this collector wants already stay as they are. Gives how many began.
   *
   * @example
   * const { begun } = await wanted.begin('saver-1', [{ stream, from: listedAt }])
   */
  async begin(
    collector: string,
    streams: readonly WantedStream[],
  ): Promise<{ readonly begun: number }> {
    const rows = streams.map(({ stream, from }) => ({
      ...rowOf(stream),
      from_ts: isoOf('from', from),
    }))
    await addStreams(this.#db, rows)
    const { numAffectedRows } = await this.#db.executeQuery(
      CompiledQuery.raw(BEGIN, [JSON.stringify(rows), collector]),
    )
    return { begun: Number(numAffectedRows) }
  }

  /**
   * Wants streams no longer, each named with the time from which it was wanted (`list`). Gives how many ended: one
   * that had ended before, or that began at another time, is left as it is.
   *
   * @example
   * await wanted.end('saver-1', [{ stream, from, to: delistedAt }])
   */
  async end(
    collector: string,
    streams: readonly UnwantedStream[],
  ): Promise<{ readonly ended: number }> {
    const rows = streams.map(({ stream, from, to }) => ({
      ...rowOf(stream),
      from_ts: isoOf('from', from),
      to_ts: isoOf('to', to),
    }))
    const { numAffectedRows } = await this.#db.executeQuery(
      CompiledQuery.raw(END, [JSON.stringify(rows), collector]),
    )
    return { ended: Number(numAffectedRows) }
  }

  /**
   * Lists what a collector wants, by channel and symbol.
   *
   * @example
   * const before = await wanted.list('saver-1')
   */
  async list(collector: string): Promise<WantedStream[]> {
    const { rows } = await this.#db.executeQuery<StreamRow & { from: string }>(
      CompiledQuery.raw(LIST, [collector]),
    )
    return rows.map(({ from, ...row }) => ({ stream: streamOfRow(row), from: Number(from) }))
  }
}
