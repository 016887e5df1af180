import type { CaptureGap, Category, Channel, GapReason, MarketStream } from '@grid/core-events'
import { CompiledQuery, type Kysely } from 'kysely'
import { columnsOf, decodeRow, insertSql, selectListSql, type TextRow } from '../columns/column.ts'
import { encodeTexts } from '../columns/encoding/encode-varying.ts'
import { sqlText } from '../columns/sql-text.ts'
import { columnArrays } from '../insert/encode-batch.ts'
import { assertSeesAll } from '../migrations/assert-sees-all.ts'
import type { GridDatabase } from '../schema/database.ts'
import { type Viewer, visibleSql } from '../schema/tenant-scope.ts'

/**
 * How far a gap is repaired.
 *
 * | state | meaning |
 * |---|---|
 * | `open` | nothing was done yet |
 * | `ignored` | too short to be repaired |
 * | `partial` | some of it was filled; `rest` is what was not |
 * | `filled` | all of it was filled |
 * | `unrecoverable` | the exchange gives it no more |
 */
export type GapState = 'open' | 'ignored' | 'partial' | 'filled' | 'unrecoverable'

const STATES: readonly GapState[] = ['open', 'ignored', 'partial', 'filled', 'unrecoverable']

/** Who records a gap, and in which state. */
export interface GapOrigin {
  /** Name of the collector that had the gap. */
  readonly collector: string
  /** Default `open`. */
  readonly state?: GapState
}

interface GapRow {
  /** Null for an account's gap, which covers all its categories. */
  readonly category: Category | null
  readonly channel: Channel
  /** Null for an account's gap. */
  readonly symbol: string | null
  /** A candle's interval or a book's depth; null where the channel has no variants. */
  readonly variant: string | null
  /** Null for market data. */
  readonly accountId: string | null
  /** Epoch milliseconds, inclusive, as is the next. */
  readonly startTs: number
  readonly endTs: number
  readonly reason: GapReason
  readonly state: GapState
  readonly collector: string
}

/** A part of a gap, in epoch milliseconds, both inclusive. */
export interface GapInterval {
  readonly startTs: number
  readonly endTs: number
}

/** A gap as stored. */
export interface StoredGap extends GapRow {
  /** A UUID. */
  readonly id: string
  /** The parts that are not filled, in order: of a gap that nobody filled the whole, of a filled one none. */
  readonly rest: readonly GapInterval[]
  /** When it was recorded, in epoch milliseconds by the database's clock. */
  readonly createdAt: number
  /** When its state last changed, likewise. */
  readonly updatedAt: number
}

const OFFERED = columnsOf<'capture_gaps', GapRow>({
  category: 'text',
  channel: 'text',
  symbol: 'text',
  variant: 'text',
  accountId: 'uuid',
  startTs: 'ms',
  endTs: 'ms',
  reason: 'text',
  state: 'text',
  collector: 'text',
})

const STORED = columnsOf<'capture_gaps', StoredGap, keyof GapRow | 'rest'>({
  id: 'uuid',
  createdAt: 'ms',
  updatedAt: 'ms',
})

const INSERT = insertSql('capture_gaps', OFFERED)

/** SQL of a whole gap as a range: times are whole milliseconds, and a range leaves out its end. */
const WHOLE = "tstzmultirange(tstzrange(start_ts, end_ts + interval '1 millisecond'))"
/** SQL of what is left of a gap once the interval from `$2` to before `$3` is filled. */
const LEFT = `coalesce(rest, ${WHOLE}) - tstzmultirange(tstzrange($2::timestamptz, $3::timestamptz))`

/** SQL of a gap's rest as JSON: the start and the end of each part, in milliseconds. */
const REST_JSON = sqlText`
  (
    select json_agg(json_build_array(
      (extract(epoch from lower(part)) * 1000)::bigint,
      (extract(epoch from upper(part)) * 1000)::bigint
    ))::text
    from unnest(rest) as part
  ) as rest`

const FILL = sqlText`
  update capture_gaps
  set rest = ${LEFT},
    state = case
      when isempty(${LEFT}) then 'filled'
      when ${LEFT} = ${WHOLE} then state
      else 'partial' end,
    updated_at = now()
  where id = $1::uuid and account_id is null and state in ('open', 'partial')
  returning state::text as state, ${REST_JSON}`

/** `isVisible` is an SQL condition that may have a parameter `$9`. */
function listSql(isVisible: string): string {
  return sqlText`
    select
      ${selectListSql<StoredGap>([...OFFERED, ...STORED])},
      ${REST_JSON}
    from capture_gaps
    -- $1: states, $2: account, $3: start and $4: end of the interval; each may be null
    where ($1::text[] is null or state = any($1))
      and ($2::uuid is null or account_id = $2)
      and ($3::timestamptz is null or end_ts >= $3)
      and ($4::timestamptz is null or start_ts < $4)
      -- $5: channel, $6: category, $7: symbol, $8: variant of the stream
      and ($5::text is null or
        (channel, category, symbol) = ($5, $6::text, $7::text) and variant is not distinct from $8::text)
      and ${isVisible}
    order by start_ts, end_ts, capture_gaps.id`
}

/** Which gaps to list: those that meet all conditions that are given. */
export type GapFilter = {
  readonly state?: GapState | readonly GapState[]
  /** Only gaps of this stream of market data. */
  readonly stream?: MarketStream
  /** Only gaps that reach to this time or beyond, in epoch milliseconds. */
  readonly from?: number
  /** Only gaps that begin before this time, in epoch milliseconds. */
  readonly to?: number
  /** Also this user's (or everyone's) account gaps; by default market gaps only. */
  readonly of?: Viewer
} & (
  | { readonly accountId?: undefined }
  // The gaps of an account are listed only for a viewer who may see it.
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
   * Records gaps. A gap that this collector recorded already (same stream, times and reason) is not
   * recorded again, so a call whose answer was lost may be repeated.
   *
   * @example
   * await gaps.insert([gap], { collector: 'saver-1' })
   */
  async insert(
    gaps: readonly CaptureGap[],
    { collector, state = 'open' }: GapOrigin,
  ): Promise<{ inserted: number }> {
    if (gaps.length === 0) return { inserted: 0 }
    const absent = { category: null, symbol: null, variant: null, accountId: null }
    const rows = gaps.map((gap): GapRow => ({ ...absent, ...gap, collector, state }))
    const result = await this.#db.executeQuery(
      CompiledQuery.raw(INSERT, [...columnArrays(OFFERED, rows)]),
    )
    return { inserted: Number(result.numAffectedRows) }
  }

  /**
   * Lists gaps by their start: those of market data, with `of` also those of the viewer's accounts;
   * with `accountId` those of one account only. Throws `TENANTS_HIDDEN` where row security would hide some of
   * `everyone`.
   *
   * @example
   * const open = await gaps.list({ state: 'open', of: { userId } })
   */
  async list({ state, stream, accountId, from, to, of }: GapFilter = {}): Promise<StoredGap[]> {
    if (of === 'everyone') await assertSeesAll(this.#db)
    const times = [from, to].map((ms) => (ms === undefined ? null : new Date(ms).toISOString()))
    const visible = visibleSql('capture_gaps', of, 9)
    const { rows } = await this.#db.executeQuery<TextRow>(
      CompiledQuery.raw(listSql(visible.sql), [
        state === undefined ? null : encodeTexts([state].flat()),
        accountId ?? null,
        ...times,
        stream?.channel ?? null,
        stream?.category ?? null,
        stream?.symbol ?? null,
        stream?.variant ?? null,
        ...visible.parameters,
      ]),
    )
    return rows.map(storedGap)
  }

  /**
   * Fills a part of a gap of market data: takes the interval out of its rest. The state becomes
   * `filled` when no rest is left, and `partial` when something of the gap is.
   *
   * It may be repeated, and several savers may fill one gap at the same time. Gives what is left; null
   * when no open or partial gap of market data has this id.
   *
   * @example
   * const left = await gaps.fill(gap.id, { startTs: reach, endTs: gap.endTs })
   */
  async fill(
    id: string,
    { startTs, endTs }: GapInterval,
  ): Promise<Pick<StoredGap, 'state' | 'rest'> | null> {
    const times = [startTs, endTs + 1].map((ms) => new Date(ms).toISOString())
    const { rows } = await this.#db.executeQuery<TextRow>(CompiledQuery.raw(FILL, [id, ...times]))
    const [row] = rows
    if (row === undefined) return null
    // Sound: the column is one of the states.
    return { state: row['state'] as GapState, rest: intervalsOf(row['rest'] ?? '[]') }
  }

  /**
   * Changes the state of a gap of one user's accounts, or for `everyone` of any gap, also of market
   * data; false when there is no such gap. Throws `TENANTS_HIDDEN` where row security would hide some of
   * `everyone`.
   *
   * @example
   * await gaps.setState({ userId }, gap.id, 'filled')
   */
  async setState(of: Viewer, id: string, state: GapState): Promise<boolean> {
    if (of === 'everyone') await assertSeesAll(this.#db)
    let update = this.#db
      .updateTable('capture_gaps')
      .set(({ fn }) => ({ state, updated_at: fn<Date>('now') }))
      .where('id', '=', id)
    if (of !== 'everyone') {
      update = update.where('account_id', 'in', (eb) =>
        eb
          .selectFrom('bybit_accounts')
          .select('bybit_accounts.account_id')
          .where('user_id', '=', of.userId),
      )
    }
    const { numUpdatedRows } = await update.executeTakeFirst()
    return numUpdatedRows > 0n
  }

  /**
   * Counts the gaps by state, of every collector, since the first: those of market data and of one
   * user's accounts, or for `everyone` of all accounts.
   *
   * @example
   * const { open, unrecoverable } = await gaps.countByState('everyone')
   */
  async countByState(of: Viewer): Promise<Readonly<Record<GapState, number>>> {
    const visible = visibleSql('capture_gaps', of, 1)
    const { rows } = await this.#db.executeQuery<{ state: GapState; gaps: string }>(
      CompiledQuery.raw(
        `select state, count(*)::text as gaps from capture_gaps where ${visible.sql} group by state`,
        [...visible.parameters],
      ),
    )
    const counts = new Map(rows.map(({ state, gaps }) => [state, Number(gaps)]))
    const entries = STATES.map((state) => [state, counts.get(state) ?? 0])
    // Sound: every state has its entry.
    return Object.fromEntries(entries) as Record<GapState, number>
  }
}

function storedGap(row: TextRow): StoredGap {
  // Sound: the columns are the type's fields, but for the rest.
  const gap = decodeRow([...OFFERED, ...STORED], row) as unknown as Omit<StoredGap, 'rest'>
  const text = row['rest'] ?? null
  const whole = { startTs: gap.startTs, endTs: gap.endTs }
  if (gap.state === 'filled') return { ...gap, rest: [] }
  return { ...gap, rest: text === null ? [whole] : intervalsOf(text) }
}

/** Reads the parts of a gap, whose ends the database leaves out. */
function intervalsOf(json: string): GapInterval[] {
  // Sound: the statement makes pairs of whole numbers.
  const parts = JSON.parse(json) as (readonly [number, number])[]
  return parts.map(([startTs, end]) => ({ startTs, endTs: end - 1 }))
}
