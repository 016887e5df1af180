import { CompiledQuery, type Kysely } from 'kysely'
import { isoOf } from '../columns/instant.ts'
import { sqlText } from '../columns/sql-text.ts'
import type { GridDatabase } from '../schema/database.ts'

/** A collector, and the journal in its data directory. */
export interface JournalOwner {
  readonly collector: string
  /** The journal's UUID. */
  readonly journalId: string
}

/** A step of one position. */
export interface PositionMove extends JournalOwner {
  /** What moves by itself: a channel of events, `dead_letters`, `gaps`. */
  readonly channel: string
  /** Where the caller believes it to be; null when it has none yet in this journal. */
  readonly from: number | null
  /** Where it is to be, at or after `from`. */
  readonly to: number
  /**
   * Exchange time in epoch milliseconds: everything of the channel that is earlier, and in the journal up to `to`,
   * is stored. It never becomes less; left out, it stays.
   */
  readonly storedUntil?: number
}

const READ = sqlText`
  select channel, position::text as position
  from journal_positions
  where collector = $1::text and journal_id = $2::uuid`

const MOVE = sqlText`
  update journal_positions
  set position = $5::bigint, stored_until = greatest(stored_until, $6::timestamptz), moved_at = now()
  where (collector, channel, journal_id, position) = ($1::text, $2::text, $3::uuid, $4::bigint)`

/** A row of another journal belongs to a data directory that this one replaced. */
const BEGIN = sqlText`
  insert into journal_positions as stored (collector, channel, journal_id, position, stored_until)
  values ($1::text, $2::text, $3::uuid, $4::bigint, $5::timestamptz)
  on conflict (collector, channel) do update
    set journal_id = excluded.journal_id, position = excluded.position,
      stored_until = excluded.stored_until, moved_at = now()
    where stored.journal_id <> excluded.journal_id`

/**
 * Keeps up to where each channel of a collector's journal is in the database, table `journal_positions`.
 *
 * @example
 * const positions = new JournalPositionRepository(db)
 * await trades.bulkInsert(events, {
 *   beside: async (trx) => {
 *     if (!(await positions.move(trx, { collector, journalId, channel: 'publicTrade', from, to }))) throw elsewhere()
 *   },
 * })
 */
export class JournalPositionRepository {
  readonly #db: Kysely<GridDatabase>

  /** Works on a database or within a transaction. */
  constructor(db: Kysely<GridDatabase>) {
    this.#db = db
  }

  /**
   * Gives the position of each channel that has one in this journal.
   *
   * @example
   * const stored = (await positions.read({ collector, journalId })).get('publicTrade') ?? null
   */
  async read({ collector, journalId }: JournalOwner): Promise<ReadonlyMap<string, number>> {
    const { rows } = await this.#db.executeQuery<{ channel: string; position: string }>(
      CompiledQuery.raw(READ, [collector, journalId]),
    )
    return new Map(rows.map(({ channel, position }) => [channel, Number(position)]))
  }

  /**
   * Moves a position within a transaction, from where the caller believes it to be; false when it is
   * elsewhere, and then nothing changed: the database's word counts, so roll back, `read`, and go on from
   * there. The first move in a journal replaces the channel's position of another journal.
   *
   * Two transactions that move one position wait for each other, and one of them gets false. Throws a
   * `RangeError` for a move backwards.
   *
   * @example
   * const isMoved = await positions.move(trx, { collector, journalId, channel: 'ticker', from: 7, to: 9 })
   */
  async move(
    trx: Kysely<GridDatabase>,
    { collector, journalId, channel, from, to, storedUntil }: PositionMove,
  ): Promise<boolean> {
    if (!Number.isSafeInteger(to) || to < (from ?? 0)) {
      throw new RangeError(
        `the position of ${channel} would move from ${from} to ${to}: it moves by whole steps, and never backwards`,
      )
    }
    const names = [collector, channel, journalId]
    const until = storedUntil === undefined ? null : isoOf('storedUntil', storedUntil)
    const { numAffectedRows } = await trx.executeQuery(
      from === null
        ? CompiledQuery.raw(BEGIN, [...names, to, until])
        : CompiledQuery.raw(MOVE, [...names, from, to, until]),
    )
    return numAffectedRows === 1n
  }
}
