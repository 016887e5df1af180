import type { DeadLetter } from '@grid/core-events'
import { CompiledQuery, type Kysely } from 'kysely'
import { columnsOf, decodeRow, insertSql, selectListSql, type TextRow } from '../columns/column.ts'
import { sqlText } from '../columns/sql-text.ts'
import { inTransaction } from '../connection/transaction.ts'
import { columnArrays } from '../insert/encode-batch.ts'
import type { GridDatabase } from '../schema/database.ts'
import { type Viewer, visibleSql } from '../schema/tenant-scope.ts'

/** Who stores dead letters. */
export interface DeadLetterOrigin {
  /** Name of the collector; null or left out when there is none. */
  readonly collector?: string | null
}

/** Which dead letters to list. */
export interface DeadLetterPage {
  /** Most dead letters to give. Default 100. */
  readonly limit?: number
  /** Starts after this `id`. Default: at the oldest. */
  readonly after?: string
  /** Also those of this user's (or everyone's) accounts; by default of market data only. */
  readonly of?: Viewer
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
})

const INSERT = insertSql('dead_letters', OFFERED)
/** Most bytes of `raw` in one statement. */
const STATEMENT_BYTES = 16 * 1024 * 1024

/** `isVisible` is an SQL condition that may have a parameter `$3`. */
function listSql(isVisible: string): string {
  return sqlText`
    select
      ${selectListSql<StoredDeadLetter>([...OFFERED, ...STORED])}
    from dead_letters
    -- $1: the id before the first
    where id > $1::bigint
      and ${isVisible}
    order by dead_letters.id
    limit $2::integer`
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
   * Stores dead letters, each as a new row. `raw` is stored byte for byte. So that a dead letter can
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
    const rows = deadLetters.map((letter) => storable({ accountId: null, ...letter, collector }))
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
   * those of the viewer's accounts.
   *
   * @example
   * const page = await deadLetters.list({ limit: 50, after: last?.id, of: 'everyone' })
   */
  async list({ limit = 100, after = '0', of }: DeadLetterPage = {}): Promise<StoredDeadLetter[]> {
    const visible = visibleSql('dead_letters', of, 3)
    const { rows } = await this.#db.executeQuery<TextRow>(
      CompiledQuery.raw(listSql(visible.sql), [after, limit, ...visible.parameters]),
    )
    // Sound: the columns are the type's fields.
    return rows.map((row) => decodeRow([...OFFERED, ...STORED], row) as unknown as StoredDeadLetter)
  }
}

async function insert(db: Kysely<GridDatabase>, rows: readonly DeadLetterRow[]): Promise<number> {
  const result = await db.executeQuery(CompiledQuery.raw(INSERT, [...columnArrays(OFFERED, rows)]))
  return Number(result.numAffectedRows)
}

function chunksByBytes(rows: readonly DeadLetterRow[]): readonly DeadLetterRow[][] {
  const chunks: DeadLetterRow[][] = []
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
