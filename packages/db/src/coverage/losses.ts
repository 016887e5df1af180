import type { Channel, Stream } from '@grid/core-events'
import { CompiledQuery, type Kysely } from 'kysely'
import { isoOf } from '../columns/instant.ts'
import { sqlText } from '../columns/sql-text.ts'
import type { GridDatabase } from '../schema/database.ts'
import { addStreams, IS_NAMED, rowOf, STREAM_TYPES } from './streams.ts'

/**
 * Time in which events were lost, and whose.
 *
 * | given | cuts |
 * |---|---|
 * | `lineId` | what came on that line |
 * | `collectorId` without `lineId` | what came to that collector; proofs and other collectors stand |
 * | neither | all that was claimed before this loss; what is claimed later stands |
 */
export interface Loss {
  /** Exchange time in epoch milliseconds, inclusive. */
  readonly from: number
  /** Exclusive, after `from`; left out while it lasts. */
  readonly to?: number
  /** Left out for all streams. */
  readonly stream?: Stream
  /** Left out for all channels. */
  readonly channel?: Channel
  readonly collectorId?: number
  readonly lineId?: number
  /** Of the record of `collectorId`'s journal that tells of it, so that reading the journal again adds none twice. */
  readonly position?: number
  /** Such as `queue_full` or `dead_letter`. */
  readonly reason: string
  /** How many events were lost, where that is known. */
  readonly items?: number
}

/** The end of losses that last, named by the record that told of them. */
export interface LossEnd {
  readonly collectorId: number
  readonly position: number
  /** Exchange time in epoch milliseconds, exclusive. */
  readonly to: number
}

const ADD = sqlText`
  insert into coverage_losses
    (from_ts, to_ts, stream_id, channel, collector_id, line_id, journal_position, reason, items)
  select named.from_ts, named.to_ts, stream.id, named.of_channel, named.collector_id, named.line_id,
    named.journal_position, named.reason, named.items
  from jsonb_to_recordset($1::jsonb) as named (${STREAM_TYPES}, from_ts timestamptz, to_ts timestamptz,
    of_channel text, collector_id integer, line_id integer, journal_position bigint, reason text, items bigint)
  left join streams stream on ${IS_NAMED}
  on conflict do nothing`

const END = sqlText`
  update coverage_losses
  set to_ts = greatest(from_ts + interval '1 ms', $3::timestamptz)
  where (collector_id, journal_position) = ($1::integer, $2::bigint) and to_ts is null`

/**
 * Keeps what was lost, table `coverage_losses`: it takes time out of claims.
 *
 * @example
 * await new LossRepository(trx).add([{ collectorId, channel: 'ticker', from, to, reason: 'queue_full' }])
 */
export class LossRepository {
  readonly #db: Kysely<GridDatabase>

  /** Works on a database or within a transaction. */
  constructor(db: Kysely<GridDatabase>) {
    this.#db = db
  }

  /**
   * Adds losses. One with a `position` that was added before, about the same and for the same reason, is not added
   * again. Gives how many are new.
   *
   * @example
   * await losses.add([{ collectorId, lineId, position, from, to, reason: 'dead_letter' }])
   */
  async add(losses: readonly Loss[]): Promise<{ readonly added: number }> {
    const rows = losses.map(lossRow)
    const streams = losses.flatMap(({ stream }) => (stream === undefined ? [] : [rowOf(stream)]))
    if (streams.length > 0) await addStreams(this.#db, streams)
    const { numAffectedRows } = await this.#db.executeQuery(
      CompiledQuery.raw(ADD, [JSON.stringify(rows)]),
    )
    return { added: Number(numAffectedRows) }
  }

  /**
   * Ends the losses of a journal's record that still last. Gives how many there were.
   *
   * @example
   * await losses.end({ collectorId, position, to })
   */
  async end({ collectorId, position, to }: LossEnd): Promise<{ readonly ended: number }> {
    const { numAffectedRows } = await this.#db.executeQuery(
      CompiledQuery.raw(END, [collectorId, position, isoOf('to', to)]),
    )
    return { ended: Number(numAffectedRows) }
  }
}

function lossRow(loss: Loss) {
  const { from, to, stream, channel, collectorId, lineId, position, reason, items } = loss
  if (to !== undefined && to <= from) {
    throw new RangeError(`to is ${to} and from is ${from}: a loss ends after it begins`)
  }
  if (collectorId === undefined && (lineId ?? position) !== undefined) {
    throw new RangeError('collectorId is missing: a lineId and a position belong to a collector')
  }
  return {
    ...(stream !== undefined && rowOf(stream)),
    from_ts: isoOf('from', from),
    to_ts: to === undefined ? null : isoOf('to', to),
    of_channel: channel ?? null,
    collector_id: collectorId ?? null,
    line_id: lineId ?? null,
    journal_position: position ?? null,
    reason,
    items: items ?? null,
  }
}
