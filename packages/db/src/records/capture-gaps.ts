import type { CaptureGap, Category, Channel, GapReason } from '@grid/core-events'
import { CompiledQuery, type Kysely } from 'kysely'
import { columnsOf, decodeRow, insertSql, selectSql, type TextRow } from '../columns/column.ts'
import { columnArrays } from '../insert/encode-batch.ts'
import type { GridDatabase } from '../schema/database.ts'
import { type Viewer, visibleSql } from '../schema/tenant-scope.ts'

/** What is known of a gap: nothing done, too short to matter, some or all filled, lost for good. */
export type GapState = 'open' | 'ignored' | 'partial' | 'filled' | 'unrecoverable'

const STATES: readonly GapState[] = ['open', 'ignored', 'partial', 'filled', 'unrecoverable']

/** What is recorded of a gap beside itself. */
export interface GapOrigin {
  /** Name of the collector that had the gap. */
  readonly collector: string
  /** Default `open`. */
  readonly state?: GapState
}

interface GapRow {
  /** Null of an account's gap, which is in all its categories. */
  readonly category: Category | null
  readonly channel: Channel
  /** Null of an account's. */
  readonly symbol: string | null
  /** Null of market data. */
  readonly accountId: string | null
  /** Epoch milliseconds, inclusive, as is the next. */
  readonly startTs: number
  readonly endTs: number
  readonly reason: GapReason
  readonly state: GapState
  readonly collector: string
}

/** A gap as stored. */
export interface StoredGap extends GapRow {
  /** A UUID. */
  readonly id: string
  /** When it was recorded, in epoch milliseconds by the database's clock. */
  readonly createdAt: number
  /** When its state last changed, likewise. */
  readonly updatedAt: number
}

const OFFERED = columnsOf<'capture_gaps', GapRow>({
  category: 'text',
  channel: 'text',
  symbol: 'text',
  accountId: 'uuid',
  startTs: 'ms',
  endTs: 'ms',
  reason: 'text',
  state: 'text',
  collector: 'text',
})

const STORED = columnsOf<'capture_gaps', StoredGap, keyof GapRow>({
  id: 'uuid',
  createdAt: 'ms',
  updatedAt: 'ms',
})

const INSERT = insertSql('capture_gaps', OFFERED)
const SELECT = selectSql<StoredGap>('capture_gaps', [...OFFERED, ...STORED])

/** Which gaps to list: those that match all that is said. */
export type GapFilter = {
  readonly state?: GapState
  /** Only gaps that reach to this time or beyond, in epoch milliseconds. */
  readonly from?: number
  /** Only gaps that begin before this time, in epoch milliseconds. */
  readonly to?: number
  /** Whose, beside those of market data. Left out, nobody's. */
  readonly of?: Viewer
} & (
  | { readonly accountId?: undefined }
  // Who asks for an account's says who may see them.
  | { readonly accountId: string; readonly of: Viewer }
)

/**
 * Records and lists gaps, table `capture_gaps`.
 *
 * @example
 * await new CaptureGapRepository(db).insert([gap], { collector: 'saver-1', state: 'open' })
 */
export class CaptureGapRepository {
  readonly #db: Kysely<GridDatabase>

  /** Works on a database or within a transaction. */
  constructor(db: Kysely<GridDatabase>) {
    this.#db = db
  }

  /**
   * Records gaps; one that this collector recorded already (same stream, times and reason) is not
   * recorded again, so that a call may be repeated when its answer was lost.
   *
   * @example
   * await gaps.insert([gap], { collector: 'saver-1' })
   */
  async insert(
    gaps: readonly CaptureGap[],
    { collector, state = 'open' }: GapOrigin,
  ): Promise<{ inserted: number }> {
    if (gaps.length === 0) return { inserted: 0 }
    const nobodys = { category: null, symbol: null, accountId: null }
    const rows = gaps.map((gap): GapRow => ({ ...nobodys, ...gap, collector, state }))
    const result = await this.#db.executeQuery(
      CompiledQuery.raw(INSERT, [...columnArrays(OFFERED, rows)]),
    )
    return { inserted: Number(result.numAffectedRows) }
  }

  /**
   * Gives gaps of market data, and those of a user's accounts or of all, by their start; or those of
   * one account alone.
   *
   * @example
   * const open = await gaps.list({ state: 'open', of: { userId } })
   */
  async list({ state, accountId, from, to, of }: GapFilter = {}): Promise<StoredGap[]> {
    const times = [from, to].map((ms) => (ms === undefined ? null : new Date(ms).toISOString()))
    const visible = visibleSql('capture_gaps', of, 5)
    const { rows } = await this.#db.executeQuery<TextRow>(
      CompiledQuery.raw(
        `${SELECT} where ($1::text is null or state = $1) ` +
          'and ($2::uuid is null or account_id = $2) ' +
          'and ($3::timestamptz is null or end_ts >= $3) ' +
          `and ($4::timestamptz is null or start_ts < $4) and ${visible.sql} ` +
          'order by start_ts, end_ts, capture_gaps.id',
        [state ?? null, accountId ?? null, ...times, ...visible.parameters],
      ),
    )
    // Sound: the columns are the type's fields.
    return rows.map((row) => decodeRow([...OFFERED, ...STORED], row) as unknown as StoredGap)
  }

  /**
   * Says what is known of a gap from now on; false when there is none of this id.
   *
   * @example
   * await gaps.setState(gap.id, 'filled')
   */
  async setState(id: string, state: GapState): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable('capture_gaps')
      .set(({ fn }) => ({ state, updated_at: fn<Date>('now') }))
      .where('id', '=', id)
      .executeTakeFirst()
    return numUpdatedRows > 0n
  }

  /**
   * Counts everyone's gaps of every state, those of earlier runs and of other collectors included.
   *
   * @example
   * const { open, unrecoverable } = await gaps.countByState()
   */
  async countByState(): Promise<Readonly<Record<GapState, number>>> {
    const rows = await this.#db
      .selectFrom('capture_gaps')
      .select(({ fn }) => ['state', fn.countAll().as('gaps')])
      .groupBy('state')
      .execute()
    const counts = new Map(rows.map(({ state, gaps }) => [state, Number(gaps)]))
    const entries = STATES.map((state) => [state, counts.get(state) ?? 0])
    // Sound: every state has its entry.
    return Object.fromEntries(entries) as Record<GapState, number>
  }
}
