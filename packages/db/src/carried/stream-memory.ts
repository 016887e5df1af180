import type { Kysely } from 'kysely'
import type { GridDatabase } from '../schema/database.ts'

/** What is known of the stored rows of one instrument and UTC day. */
export interface StreamDay<Row> {
  /** Exchange time of the first row in epoch milliseconds. */
  readonly firstTs: number
  /** The same of the last row. */
  readonly lastTs: number
  /** The last row with all its values; null when another process stored it. */
  readonly last: Row | null
  /** Exchange time of the last base, and the rows since. */
  readonly baseTs: number
  readonly rowsSinceBase: number
}

/** Most streams and days that are remembered: several times the instruments of a market. */
const MOST_DAYS = 4096

/**
 * Remembers the last rows that were stored, so that the next ones can leave out what has not changed.
 * Serves one insert at a time.
 */
export class StreamMemory<Row> {
  readonly #days = new Map<string, StreamDay<Row>>()
  /** Keys that were forgotten while an insert was under way, which must not bring them back. */
  readonly #stale = new Set<string>()
  #isBusy = false
  /** Whether all was forgotten while an insert was under way. */
  #isCleared = false

  /** Begins an insert; false while another one is under way. */
  begin(): boolean {
    if (this.#isBusy) return false
    this.#isBusy = true
    return true
  }

  get(key: string): StreamDay<Row> | undefined {
    return this.#days.get(key)
  }

  /** Ends the insert that was begun, with what is known after it. */
  end(known: ReadonlyMap<string, StreamDay<Row>>): void {
    for (const [key, day] of this.#isCleared ? [] : known) {
      // Set anew, so that the ones used last are forgotten last.
      this.#days.delete(key)
      if (!this.#stale.has(key)) this.#days.set(key, day)
    }
    this.#stale.clear()
    this.#isCleared = false
    this.#isBusy = false
    for (const key of this.#days.keys()) {
      if (this.#days.size <= MOST_DAYS) break
      this.#days.delete(key)
    }
  }

  /** Forgets all streams. */
  clear(): void {
    this.#days.clear()
    this.#isCleared = this.#isBusy
  }

  /** Forgets streams, of which somebody else may have stored rows. */
  forget(keys: Iterable<string>): void {
    for (const key of keys) {
      this.#days.delete(key)
      if (this.#isBusy) this.#stale.add(key)
    }
  }
}

/**
 * The memories by database and table. The key is the dialect's adapter, because a transaction has the
 * same one as the Kysely that it was begun on.
 */
const MEMORIES = new WeakMap<object, Map<string, StreamMemory<unknown>>>()

/** The memory of a database's table. */
export function streamMemory<Row>(db: Kysely<GridDatabase>, table: string): StreamMemory<Row> {
  const database = db.getExecutor().adapter
  const tables = MEMORIES.get(database) ?? new Map<string, StreamMemory<unknown>>()
  MEMORIES.set(database, tables)
  const memory = tables.get(table) ?? new StreamMemory<unknown>()
  tables.set(table, memory)
  // Sound: a table has rows of one type.
  return memory as StreamMemory<Row>
}

/**
 * Forgets what inserts remember of the rows of a database, once it is found to have lost some of them, as after a
 * failover: the next rows must not leave out values that only the lost ones told. What is lost may then be stored
 * again.
 *
 * @example
 * forgetStoredRows(db)
 */
export function forgetStoredRows(db: Kysely<GridDatabase>): void {
  for (const memory of MEMORIES.get(db.getExecutor().adapter)?.values() ?? []) memory.clear()
}
