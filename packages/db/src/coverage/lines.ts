import { CompiledQuery, type Kysely } from 'kysely'
import { isoOf, msSql } from '../columns/instant.ts'
import { sqlText } from '../columns/sql-text.ts'
import type { GridDatabase } from '../schema/database.ts'
import { BEAT, behindText, type HeardLine, instantsText, isQuiet, QUIET } from './beat.ts'

/** The opening of a line. */
export interface NewLine {
  readonly collectorId: number
  /** Of the journal's record of it: a line is known by it, so that reading the journal again opens none twice. */
  readonly position: number
  /** Exchange time in epoch milliseconds, inclusive: the latest that it can have been. */
  readonly openedAt: number
  /** Of the account whose line it is; left out for market data. */
  readonly accountId?: string
}

/** A line in the database. */
export interface LineKey {
  readonly lineId: number
  /** Its place among the open lines of its collector. */
  readonly slot: number
}

/** The end of a line. */
export interface LineEnd {
  readonly lineId: number
  /** Exchange time in epoch milliseconds, exclusive: everything before it was heard. */
  readonly until: number
  /** Why it ended, such as `closed` or `crash`. */
  readonly cause: string
}

/** A line that is open. */
export interface OpenLine extends LineKey {
  readonly position: number
  readonly openedAt: number
  readonly accountId: string | null
  /** When it was heard last by the newest beat; null before the first. */
  readonly until: number | null
}

/** What a collector heard. */
export interface Beat {
  readonly collectorId: number
  /** Exchange time in epoch milliseconds: the earliest that it can be. */
  readonly at: number
  /** Every open line of the collector. */
  readonly lines: readonly HeardLine[]
}

const OPEN = sqlText`
  with opened as (
    insert into coverage_lines (collector_id, journal_position, opened_at, account_id, slot)
    select $1::integer, $2::bigint, $3::timestamptz, $4::uuid, min(free)
    from generate_series(0, (
      select count(*) from coverage_lines where collector_id = $1::integer and alive_until is null
    )) free
    where not exists (
      select from coverage_lines where collector_id = $1::integer and alive_until is null and slot = free
    )
    on conflict (collector_id, journal_position) do nothing
    returning id, slot
  )
  select id, slot from opened
  union all
  select id, slot from coverage_lines
  where (collector_id, journal_position) = ($1::integer, $2::bigint)`

const END = sqlText`
  update coverage_lines
  set alive_until = $2::timestamptz, cause = $3::text
  where id = $1::integer and alive_until is null`

const LIST = sqlText`
  select line.id, slot, journal_position::text as position, account_id::text as account_id,
    ${msSql('opened_at')} as opened_at,
    ${msSql("coalesce(beat_at - interval '10 ms' * behind_cs[slot + 1], quiet_since)")} as until
  from coverage_lines line
  left join collector_beats using (collector_id)
  where collector_id = $1::integer and alive_until is null
  order by journal_position`

/**
 * Keeps lines, table `coverage_lines`, and how far they were heard, table `collector_beats`. A line is unbroken
 * delivery to one collector, over one connection or several that overlapped.
 *
 * @example
 * const lines = new LineRepository(db)
 * const { lineId, slot } = await lines.open({ collectorId, position, openedAt })
 * await lines.beat({ collectorId, at, lines: [{ lineId, slot, until }] })
 */
export class LineRepository {
  readonly #db: Kysely<GridDatabase>
  /** The lines of which `coverage_lines` says when they were heard. */
  readonly #quiet = new Set<number>()

  /** Works on a database or within a transaction. */
  constructor(db: Kysely<GridDatabase>) {
    this.#db = db
  }

  /**
   * Opens a line in a slot that no open line of its collector has. A line that was opened before is given as it is.
   *
   * @example
   * const { lineId, slot } = await lines.open({ collectorId, position, openedAt })
   */
  async open({ collectorId, position, openedAt, accountId }: NewLine): Promise<LineKey> {
    const { rows } = await this.#db.executeQuery<{ id: number; slot: number }>(
      CompiledQuery.raw(OPEN, [
        collectorId,
        position,
        isoOf('openedAt', openedAt),
        accountId ?? null,
      ]),
    )
    const [row] = rows
    if (row === undefined) throw new Error(`the line at ${position} was opened by another process`)
    return { lineId: row.id, slot: row.slot }
  }

  /**
   * Ends a line, and so all that it covers; false when it had ended before, which stays.
   *
   * @example
   * await lines.end({ lineId, until: lastFrameAt, cause: 'closed' })
   */
  async end({ lineId, until, cause }: LineEnd): Promise<boolean> {
    const { numAffectedRows } = await this.#db.executeQuery(
      CompiledQuery.raw(END, [lineId, isoOf('until', until), cause]),
    )
    return numAffectedRows === 1n
  }

  /**
   * Lists the open lines of a collector in the order of their opening.
   *
   * @example
   * for (const { lineId, until } of await lines.listOpen(collectorId)) …
   */
  async listOpen(collectorId: number): Promise<OpenLine[]> {
    const { rows } = await this.#db.executeQuery<{
      id: number
      slot: number
      position: string
      account_id: string | null
      opened_at: string
      until: string | null
    }>(CompiledQuery.raw(LIST, [collectorId]))
    return rows.map(({ id, slot, position, account_id, opened_at, until }) => ({
      lineId: id,
      slot,
      position: Number(position),
      accountId: account_id,
      openedAt: Number(opened_at),
      until: until === null ? null : Number(until),
    }))
  }

  /**
   * Says how far each open line was heard. One row a collector is updated, however many streams its lines carry; a
   * beat that is earlier than the stored one changes nothing.
   *
   * @example
   * await lines.beat({ collectorId, at, lines: open })
   */
  async beat({ collectorId, at, lines }: Beat): Promise<void> {
    await this.#sayQuiet(at, lines)
    await this.#db.executeQuery(
      CompiledQuery.raw(BEAT, [collectorId, isoOf('at', at), behindText(at, lines)]),
    )
  }

  /** First of all, so that a line is never without a time. */
  async #sayQuiet(at: number, lines: readonly HeardLine[]): Promise<void> {
    const quiet = lines.filter((line) => isQuiet(at, line))
    const heard = lines.filter((line) => this.#quiet.has(line.lineId) && !isQuiet(at, line))
    if (quiet.length + heard.length === 0) return
    const changed = [...quiet, ...heard]
    const times = changed.map((line) => (isQuiet(at, line) ? line.until : null))
    await this.#db.executeQuery(
      CompiledQuery.raw(QUIET, [
        `{${changed.map(({ lineId }) => lineId).join()}}`,
        instantsText(times),
      ]),
    )
    for (const { lineId } of quiet) this.#quiet.add(lineId)
    for (const { lineId } of heard) this.#quiet.delete(lineId)
  }
}
