import type { Stream } from '@grid/core-events'
import { CompiledQuery, type Kysely } from 'kysely'
import { isoOf } from '../columns/instant.ts'
import { sqlText } from '../columns/sql-text.ts'
import type { CoverageEvidence } from '../schema/coverage-schema.ts'
import type { GridDatabase } from '../schema/database.ts'
import { addStreams, IS_NAMED, rowOf, STREAM_TYPES } from './streams.ts'

/** A stream that comes on a line. */
export interface LiveSpan {
  readonly stream: Stream
  /** Exchange time in epoch milliseconds, inclusive: from when on nothing of it is missing. */
  readonly from: number
}

/** Time of a stream. */
export interface StreamSpan extends LiveSpan {
  /** Exchange time in epoch milliseconds, exclusive. */
  readonly to: number
}

/** Time that is covered by other evidence than having been heard. */
export interface Proof {
  /** What `beginProof` gave before the evidence was gathered. */
  readonly id: string
  readonly evidence: Exclude<CoverageEvidence, 'live'>
  readonly spans: readonly StreamSpan[]
}

const CLAIM = sqlText`
  insert into coverage_spans (from_ts, stream_id, line_id, evidence)
  select distinct on (stream.id, greatest(named.from_ts, line.opened_at))
    greatest(named.from_ts, line.opened_at), stream.id, line.id, 'live'::coverage_evidence
  from jsonb_to_recordset($1::jsonb) as named (${STREAM_TYPES}, from_ts timestamptz)
  join streams stream on ${IS_NAMED}
  join coverage_lines line on line.id = $2::integer
  on conflict (line_id, stream_id, from_ts) where line_id is not null do nothing`

/** An end that is told later may only be earlier: nothing more becomes covered by it. */
const END = sqlText`
  update coverage_spans span
  set to_ts = greatest(span.from_ts, least(span.to_ts, named.to_ts))
  from jsonb_to_recordset($1::jsonb) as named (${STREAM_TYPES}, from_ts timestamptz, to_ts timestamptz)
  join streams stream on ${IS_NAMED}
  join coverage_lines line on line.id = $2::integer
  where (span.line_id, span.stream_id, span.from_ts)
      = (line.id, stream.id, greatest(named.from_ts, line.opened_at))
    and span.to_ts is distinct from greatest(span.from_ts, least(span.to_ts, named.to_ts))`

const PROVE = sqlText`
  insert into coverage_spans (id, from_ts, to_ts, stream_id, evidence)
  select distinct on (stream.id, named.from_ts)
    $2::bigint, named.from_ts, named.to_ts, stream.id, $3::coverage_evidence
  from jsonb_to_recordset($1::jsonb) as named (${STREAM_TYPES}, from_ts timestamptz, to_ts timestamptz)
  join streams stream on ${IS_NAMED}
  order by stream.id, named.from_ts, named.to_ts
  on conflict do nothing`

/**
 * Keeps claims, table `coverage_spans`: what came on a line since when, and what was proved by other evidence.
 *
 * @example
 * await new SpanRepository(trx).claim(lineId, [{ stream, from: provenAt }])
 */
export class SpanRepository {
  readonly #db: Kysely<GridDatabase>

  /** Works on a database or within a transaction. */
  constructor(db: Kysely<GridDatabase>) {
    this.#db = db
  }

  /**
   * Claims that streams come on a line from a time on, at the earliest from the line's opening. A claim has no end
   * of its own: it reaches as far as its line was heard and its channel is stored. Gives how many are new.
   *
   * @example
   * const { claimed } = await spans.claim(lineId, [{ stream, from }])
   */
  async claim(lineId: number, spans: readonly LiveSpan[]): Promise<{ readonly claimed: number }> {
    const rows = spans.map(({ stream, from }) => ({
      ...rowOf(stream),
      from_ts: isoOf('from', from),
    }))
    await addStreams(this.#db, rows)
    return { claimed: await this.#change(CLAIM, [JSON.stringify(rows), lineId]) }
  }

  /**
   * Ends claims of a line, each named by its stream and its `from`, where the line goes on without them. An end may
   * lie in the past, and an earlier one replaces a later one; one before its `from` leaves nothing. Gives how many changed.
   *
   * @example
   * await spans.end(lineId, [{ stream, from, to: lastDataAt }])
   */
  async end(lineId: number, spans: readonly StreamSpan[]): Promise<{ readonly ended: number }> {
    return { ended: await this.#change(END, [JSON.stringify(spans.map(spanRow)), lineId]) }
  }

  /**
   * Gives the number of a proof: call it before you read the rows that it is about. A loss that is told while you
   * read then has a later number, and cuts the proof.
   *
   * @example
   * const id = await spans.beginProof()
   */
  async beginProof(): Promise<string> {
    const { rows } = await this.#db.executeQuery<{ id: string }>(
      CompiledQuery.raw(`select nextval('coverage_ids')::text as id`),
    )
    const [row] = rows
    if (row === undefined) throw new Error('nextval gave no number')
    return row.id
  }

  /**
   * Claims spans that other evidence proved. It may be repeated with the same number. Gives how many are new.
   *
   * @example
   * await spans.prove({ id, evidence: 'archive', spans: [{ stream, from, to }] })
   */
  async prove({ id, evidence, spans }: Proof): Promise<{ readonly proved: number }> {
    for (const { from, to } of spans) {
      if (to >= from) continue
      throw new RangeError(`to is ${to} and from is ${from}: a proof does not end before it begins`)
    }
    const rows = spans.map(spanRow)
    await addStreams(this.#db, rows)
    return { proved: await this.#change(PROVE, [JSON.stringify(rows), id, evidence]) }
  }

  async #change(statement: string, parameters: readonly unknown[]): Promise<number> {
    const { numAffectedRows } = await this.#db.executeQuery(
      CompiledQuery.raw(statement, [...parameters]),
    )
    return Number(numAffectedRows)
  }
}

function spanRow({ stream, from, to }: StreamSpan) {
  return { ...rowOf(stream), from_ts: isoOf('from', from), to_ts: isoOf('to', to) }
}
