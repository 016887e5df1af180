import { CompiledQuery, type Kysely } from 'kysely'
import { isoOf } from '../columns/instant.ts'
import { sqlText } from '../columns/sql-text.ts'
import type { JournalOwner } from '../records/journal-positions.ts'
import type { GridDatabase } from '../schema/database.ts'

/** A collector that does not come back. */
export interface Retirement {
  /** Its name, whatever its journal. */
  readonly collector: string
  /** Until when its streams were to be captured by it: exchange time in epoch milliseconds, exclusive. */
  readonly to: number
}

const ADD = sqlText`
  insert into collectors (name, journal_id)
  select $1::text, $2::uuid
  where not exists (select from collectors where (name, journal_id) = ($1::text, $2::uuid))
  on conflict do nothing`

const RETURN = sqlText`
  update collectors
  set retired_at = null
  where (name, journal_id) = ($1::text, $2::uuid)
  returning id`

const RETIRE = sqlText`
  with retired as (
    update collectors
    set retired_at = coalesce(retired_at, now())
    where name = $1::text
  )
  update wanted_spans
  set to_ts = greatest(from_ts, $2::timestamptz)
  where collector = $1::text and to_ts is null`

/**
 * Keeps who captures, table `collectors`: a row for each journal of each name.
 *
 * @example
 * const collectorId = await new CollectorRepository(db).register({ collector: 'saver-1', journalId })
 */
export class CollectorRepository {
  readonly #db: Kysely<GridDatabase>

  /** Works on a database or within a transaction. */
  constructor(db: Kysely<GridDatabase>) {
    this.#db = db
  }

  /**
   * Gives the number of a collector with its journal, a new one at the first call. One that was retired is back.
   *
   * @example
   * const collectorId = await collectors.register({ collector, journalId })
   */
  async register({ collector, journalId }: JournalOwner): Promise<number> {
    const names = [collector, journalId]
    await this.#db.executeQuery(CompiledQuery.raw(ADD, names))
    const { rows } = await this.#db.executeQuery<{ id: number }>(CompiledQuery.raw(RETURN, names))
    const [row] = rows
    if (row === undefined) throw new Error(`the row of collector ${collector} was removed`)
    return row.id
  }

  /**
   * Retires a collector that will not come back: ends what it wanted, which neither a stop nor a crash does. What
   * it covered stays. Gives how many streams it wanted.
   *
   * @example
   * const { ended } = await collectors.retire({ collector: 'saver-1', to: Date.now() })
   */
  async retire({ collector, to }: Retirement): Promise<{ readonly ended: number }> {
    const { numAffectedRows } = await this.#db.executeQuery(
      CompiledQuery.raw(RETIRE, [collector, isoOf('to', to)]),
    )
    return { ended: Number(numAffectedRows) }
  }
}
