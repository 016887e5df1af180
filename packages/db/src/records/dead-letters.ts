import type { Category, Channel, DeadLetter, DeadLetterCode } from '@grid/core-events'
import { CompiledQuery, type Kysely } from 'kysely'
import { columnsOf, decodeRow, insertSql, selectListSql, type TextRow } from '../columns/column.ts'
import { encodeTexts } from '../columns/encoding/encode-varying.ts'
import { sqlText } from '../columns/sql-text.ts'
import { inTransaction } from '../connection/transaction.ts'
import { columnArrays } from '../insert/encode-batch.ts'
import { assertSeesAll } from '../migrations/assert-sees-all.ts'
import type { GridDatabase } from '../schema/database.ts'
import { ownSql, type Viewer, visibleSql } from '../schema/tenant-scope.ts'
import { letterIdentity } from './letter-identity.ts'

/** Whether a dead letter waits to be tried again, or its events are stored by now. */
export type DeadLetterState = 'waiting' | 'retried'

/** Who stores dead letters. */
export interface DeadLetterOrigin {
  /** Name of the collector; null or left out when there is none. */
  readonly collector?: string | null
}

/** Which dead letters to list: those that meet all conditions that are given. */
export interface DeadLetterPage {
  readonly state?: DeadLetterState | undefined
  readonly code?: DeadLetterCode | undefined
  readonly channel?: Channel | undefined
  /** Only those received at this time or later, in epoch milliseconds. */
  readonly from?: number | undefined
  /** Only those received before this time, in epoch milliseconds. */
  readonly to?: number | undefined
  /** Only those with one of these ids. */
  readonly ids?: readonly string[] | undefined
  /** Most dead letters to give. Default 100. */
  readonly limit?: number
  /** Starts after this `id`. Default: at the oldest. */
  readonly after?: string
  /** Also those of this user's (or everyone's) accounts; by default of market data only. */
  readonly of?: Viewer
}

/** How many dead letters of market data wait that were received on a day, of what they name. */
export interface DeadLetterCount {
  /** UTC, as `2026-11-21`. */
  readonly day: string
  /** Null, as the next two, where the letters do not name it. */
  readonly channel: Channel | null
  readonly category: Category | null
  readonly symbol: string | null
  readonly count: number
}

interface DeadLetterRow extends Omit<DeadLetter, 'accountId'> {
  /** Null for market data. */
  readonly accountId: string | null
  readonly collector: string | null
}

/** A dead letter as stored. */
export interface StoredDeadLetter extends DeadLetterRow {
  /** Digits; the later stored, the larger. */
  readonly id: string
  /** When it was stored, in epoch milliseconds by the database's clock. */
  readonly createdAt: number
  readonly state: DeadLetterState
  /** When it was tried again last, likewise; null when it never was. */
  readonly triedAt: number | null
}

const OFFERED = columnsOf<'dead_letters', DeadLetterRow>({
  code: 'text',
  reason: 'text',
  field: 'text',
  category: 'text',
  channel: 'text',
  topic: 'text',
  symbol: 'text',
  accountId: 'uuid',
  source: 'text',
  localTsUs: 'us',
  collector: 'text',
  raw: 'bytea',
})

const STORED = columnsOf<'dead_letters', StoredDeadLetter, keyof DeadLetterRow>({
  id: 'digits',
  createdAt: 'ms',
  state: 'text',
  triedAt: 'ms',
})

interface WrittenLetter extends DeadLetterRow {
  readonly identity: Uint8Array
}

const WRITTEN = [
  ...OFFERED,
  ...columnsOf<'dead_letters', WrittenLetter, keyof DeadLetterRow>({ identity: 'bytea' }),
] as const

const INSERT = insertSql<WrittenLetter>('dead_letters', WRITTEN)
/** Most bytes of `raw` in one statement. */
const STATEMENT_BYTES = 16 * 1024 * 1024

/** A day as text: as a date it would depend on the session's formats. */
const COUNT = sqlText`
  select to_char(local_ts at time zone 'UTC', 'YYYY-MM-DD') as day, channel, category, symbol,
    count(*)::text as count
  from dead_letters
  where account_id is null and state = 'waiting'
    and local_ts >= $1::timestamptz and local_ts < $2::timestamptz
  group by 1, 2, 3, 4
  order by 1, 2, 3, 4`

/** `isVisible` is an SQL condition that may have a parameter `$9`. */
function listSql(isVisible: string): string {
  return sqlText`
    select
      ${selectListSql<StoredDeadLetter>([...OFFERED, ...STORED])}
    from dead_letters
    -- $1: the id before the first
    where id > $1::bigint
      -- $3: state, $4: code, $5: channel, $6 and $7: times of receipt, $8: ids; each may be null
      and ($3::text is null or state = $3)
      and ($4::text is null or code = $4)
      and ($5::text is null or channel = $5)
      and ($6::timestamptz is null or local_ts >= $6)
      and ($7::timestamptz is null or local_ts < $7)
      and ($8::bigint[] is null or id = any($8))
      and ${isVisible}
    order by dead_letters.id
    limit $2::integer`
}

/** `isOwn` is an SQL condition that may have a parameter `$2`. */
function retriedSql(isOwn: string): string {
  return sqlText`
    update dead_letters
    set state = 'retried', tried_at = now()
    where id = any($1::bigint[]) and state = 'waiting' and ${isOwn}`
}

/** `isOwn` is an SQL condition that may have a parameter `$3`. */
function leftSql(isOwn: string): string {
  return sqlText`
    update dead_letters
    set reason = tried.reason, tried_at = now()
    from unnest($1::bigint[], $2::text[]) as tried (id, reason)
    where dead_letters.id = tried.id and state = 'waiting' and ${isOwn}`
}

/**
 * Stores and lists dead letters, table `dead_letters`.
 *
 * @example
 * await new DeadLetterRepository(db).bulkInsert(deadLetters, { collector: 'saver-1' })
 */
export class DeadLetterRepository {
  readonly #db: Kysely<GridDatabase>

  /** Works on a database or within a transaction. */
  constructor(db: Kysely<GridDatabase>) {
    this.#db = db
  }

  /**
   * Stores the dead letters that are not stored yet, so a call whose answer was lost may be repeated: one
   * with the same code, origin, receive time, field and bytes is the same. `raw` is stored byte for byte. So that a dead letter can
   * always be stored, `reason` and `field` are written in ASCII, with others as `\u00e9`, and so is in all
   * texts what PostgreSQL cannot hold (NUL, half a surrogate pair).
   *
   * Stores all or none: more than 16 MiB of `raw` go by several statements in one transaction.
   *
   * @example
   * await deadLetters.bulkInsert([letter], { collector: 'saver-1' })
   */
  async bulkInsert(
    deadLetters: readonly DeadLetter[],
    { collector = null }: DeadLetterOrigin = {},
  ): Promise<{ inserted: number }> {
    if (deadLetters.length === 0) return { inserted: 0 }
    const rows = deadLetters.map((letter) => ({
      ...storable({ accountId: null, ...letter, collector }),
      identity: letterIdentity(letter),
    }))
    const [first = [], ...more] = chunksByBytes(rows)
    if (more.length === 0) return { inserted: await insert(this.#db, first) }
    return inTransaction(this.#db, async (trx) => {
      let inserted = 0
      for (const chunk of [first, ...more]) inserted += await insert(trx, chunk)
      return { inserted }
    })
  }

  /**
   * Lists dead letters in the order in which they were stored: those of market data, with `of` also
   * those of the viewer's accounts. Throws `TENANTS_HIDDEN` where row security would hide some of `everyone`.
   *
   * @example
   * const page = await deadLetters.list({ state: 'waiting', limit: 50, after: last?.id, of: 'everyone' })
   */
  async list({
    limit = 100,
    after = '0',
    of,
    state,
    code,
    channel,
    from,
    to,
    ids,
  }: DeadLetterPage = {}): Promise<StoredDeadLetter[]> {
    if (of === 'everyone') await assertSeesAll(this.#db)
    const visible = visibleSql('dead_letters', of, 9)
    const times = [from, to].map((ms) => (ms === undefined ? null : new Date(ms).toISOString()))
    const idList = ids === undefined ? null : `{${ids.join(',')}}`
    const filter = [state ?? null, code ?? null, channel ?? null, ...times, idList]
    const { rows } = await this.#db.executeQuery<TextRow>(
      CompiledQuery.raw(listSql(visible.sql), [after, limit, ...filter, ...visible.parameters]),
    )
    // Sound: the columns are the type's fields.
    return rows.map((row) => decodeRow([...OFFERED, ...STORED], row) as unknown as StoredDeadLetter)
  }

  /**
   * Counts the waiting dead letters of market data that were received in an interval, in epoch milliseconds, `from`
   * inclusive and `to` exclusive: what they hold is in no other table.
   *
   * @example
   * const counts = await deadLetters.countByDay({ from, to })
   */
  async countByDay({
    from,
    to,
  }: {
    readonly from: number
    readonly to: number
  }): Promise<readonly DeadLetterCount[]> {
    const times = [from, to].map((ms) => new Date(ms).toISOString())
    type Row = Omit<DeadLetterCount, 'count'> & { readonly count: string }
    const { rows } = await this.#db.executeQuery<Row>(CompiledQuery.raw(COUNT, times))
    return rows.map((row) => ({ ...row, count: Number(row.count) }))
  }

  /**
   * Notes of waiting letters that their events are stored: best in the transaction that stores them. They are
   * those of one user's accounts, or for `everyone` any. Gives how many were still waiting.
   *
   * @example
   * await trades.bulkInsert(events, {
   *   beside: async (trx) => { await new DeadLetterRepository(trx).markRetried('everyone', ids) },
   * })
   */
  async markRetried(of: Viewer, ids: readonly string[]): Promise<number> {
    if (ids.length === 0) return 0
    return this.#change(of, retriedSql, [`{${ids.join(',')}}`])
  }

  /**
   * Notes of waiting letters, of one user's accounts or for `everyone` of any, why they could not be stored when
   * they were tried again: the reason, by id. Gives how many were still waiting.
   *
   * @example
   * await deadLetters.setReasons({ userId }, new Map([[letter.id, 'price is empty']]))
   */
  async setReasons(of: Viewer, reasons: ReadonlyMap<string, string>): Promise<number> {
    if (reasons.size === 0) return 0
    const texts = [...reasons.values()].map((text) => escaped(text, NOT_PLAIN))
    return this.#change(of, leftSql, [`{${[...reasons.keys()].join(',')}}`, encodeTexts(texts)])
  }

  async #change(
    of: Viewer,
    statement: (isOwn: string) => string,
    parameters: readonly unknown[],
  ): Promise<number> {
    if (of === 'everyone') await assertSeesAll(this.#db)
    const own = ownSql('dead_letters', of, parameters.length + 1)
    const query = CompiledQuery.raw(statement(own.sql), [...parameters, ...own.parameters])
    return Number((await this.#db.executeQuery(query)).numAffectedRows)
  }
}

async function insert(db: Kysely<GridDatabase>, rows: readonly WrittenLetter[]): Promise<number> {
  const result = await db.executeQuery(
    CompiledQuery.raw(INSERT, [...columnArrays<WrittenLetter>(WRITTEN, rows)]),
  )
  return Number(result.numAffectedRows)
}

function chunksByBytes(rows: readonly WrittenLetter[]): readonly WrittenLetter[][] {
  const chunks: WrittenLetter[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const row of rows) {
    bytes += row.raw.byteLength
    if (bytes > STATEMENT_BYTES) {
      chunks.push([])
      bytes = row.raw.byteLength
    }
    chunks.at(-1)?.push(row)
  }
  return chunks
}

/** Texts of ours: they quote values, and must not be refused for what they quote. */
const OUR_TEXTS: ReadonlySet<string> = new Set<keyof DeadLetterRow>(['reason', 'field'])
/** What PostgreSQL cannot hold: NUL, and half a surrogate pair. */
const UNHOLDABLE = /\0|\p{Surrogate}/gu
const NOT_PLAIN = /[^\t\n\r\x20-\x7e]/g

function storable(row: DeadLetterRow): DeadLetterRow {
  const texts = Object.entries(row).map(([field, value]) => [
    field,
    typeof value === 'string'
      ? escaped(value, OUR_TEXTS.has(field) ? NOT_PLAIN : UNHOLDABLE)
      : value,
  ])
  return Object.fromEntries(texts)
}

/** Writes characters as JSON may write them, `\u00e9`. */
function escaped(text: string, characters: RegExp): string {
  return text.replace(
    characters,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
