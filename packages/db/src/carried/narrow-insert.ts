import type { Kysely } from 'kysely'
import type { WrittenColumn } from '../columns/column.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { EventTable, StoredRow } from '../tables/shape/event-table.ts'
import { formedColumns } from './formed-columns.ts'
import { type CarriedTable, type InstrumentRow, RowNarrower, streamKeys } from './narrow-rows.ts'
import { type StreamMemory, streamMemory } from './stream-memory.ts'

/** Stores the rows of batches, in the forms that it decides for them. */
export interface NarrowInsert<Row> {
  /**
   * Calls `store` with the columns that write the rows in their forms. The rows must come in the order in
   * which they are read.
   */
  insert<Result>(
    rows: readonly Row[],
    store: (columns: readonly WrittenColumn<Row>[]) => Promise<Result>,
  ): Promise<Result>
  /** Forgets the streams of rows that are not stored as they were offered. */
  forget(rows: readonly Row[]): void
}

/** How rows of a table are inserted that may leave values to the rows before them; null for other tables. */
export function narrowInsert<Row extends StoredRow>(
  db: Kysely<GridDatabase>,
  target: EventTable<Row>,
): NarrowInsert<Row> | null {
  if (!('carried' in target)) return null
  // Sound: only tables of market data carry values, and their rows have an instrument.
  const carried = target as unknown as CarriedTable<InstrumentRow>
  return new CarriedInsert(db, carried) as unknown as NarrowInsert<Row>
}

/**
 * Decides from what it remembers of the rows stored before, and remembers those of a batch once they
 * are stored: `store` has committed them when it is done.
 *
 * In a caller's transaction, which may be rolled back, and while another batch of the table is under way,
 * nothing is remembered: the first row of each stream is then whole.
 */
class CarriedInsert implements NarrowInsert<InstrumentRow> {
  readonly #db: Kysely<GridDatabase>
  readonly #target: CarriedTable<InstrumentRow>
  readonly #memory: StreamMemory<InstrumentRow>

  constructor(db: Kysely<GridDatabase>, target: CarriedTable<InstrumentRow>) {
    this.#db = db
    this.#target = target
    this.#memory = streamMemory(db, target.table)
  }

  async insert<Result>(
    rows: readonly InstrumentRow[],
    store: (columns: readonly WrittenColumn<InstrumentRow>[]) => Promise<Result>,
  ): Promise<Result> {
    const { columns, carried } = this.#target
    const narrower = new RowNarrower(this.#target, rows)
    const isRemembered = !this.#db.isTransaction && this.#memory.begin()
    // Another batch that is under way must not build on what this one changes.
    if (!isRemembered) this.forget(rows)
    let isStored = false
    try {
      const recall = isRemembered ? (key: string) => this.#memory.get(key) : () => undefined
      await narrower.learn(this.#db, recall)
      const result = await store(formedColumns(columns, carried, narrower.narrow()))
      isStored = true
      return result
    } finally {
      // After an error it is not known whether the rows are stored.
      if (!isRemembered || !isStored) this.forget(rows)
      if (isRemembered) this.#memory.end(isStored ? narrower.known : new Map())
    }
  }

  forget(rows: readonly InstrumentRow[]): void {
    this.#memory.forget(new Set(streamKeys(rows)))
  }
}
