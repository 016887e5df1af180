import { CompiledQuery, type Kysely } from 'kysely'
import { narrowInsert } from '../carried/narrow-insert.ts'
import type { WrittenColumn } from '../columns/column.ts'
import { inTransaction } from '../connection/transaction.ts'
import { DatabaseError } from '../errors.ts'
import { ensureDays, forgetDays } from '../partitions/known-days.ts'
import type { GridDatabase } from '../schema/database.ts'
import { isPartitionedTable } from '../tables/daily-tables.ts'
import type { EventTable, StoredRow } from '../tables/shape/event-table.ts'
import { encodeBatch } from './encode-batch.ts'
import { eventInsertSql } from './insert-sql.ts'
import { findConflicts, type InsertedBatch, type KeyConflict } from './key-conflicts.ts'

/**
 * What became of a batch: `inserted` + `duplicates` + `merged` + `conflicts.length` is what was sent.
 *
 * The server counts `inserted` and `merged` only; the others were found to be stored already. That they
 * are, and that no trigger swallowed them, is checked by comparing all of them with the stored rows.
 */
export interface BulkInsertResult<Event> {
  /** Rows that the server says it stored. */
  readonly inserted: number
  /** Events that were stored already, or came twice in the batch. */
  readonly duplicates: number
  /** Events that filled null values of the stored row; 0 in tables whose rows never change. */
  readonly merged: number
  /** Events whose identity was stored already with other values; they were not stored. */
  readonly conflicts: readonly KeyConflict<Event>[]
}

/** How a batch is stored. */
export interface BulkInsertOptions<Event> {
  /**
   * Work that is committed with the batch, or not at all, such as moving a position. It gets the
   * transaction and what became of the batch, and runs also for an empty batch; what it throws undoes both.
   *
   * The repository opens the transaction, so that it may remember the rows once they are committed: in a
   * caller's transaction, which may yet be rolled back, it remembers nothing, and tickers take more space.
   */
  readonly beside?:
    | ((trx: Kysely<GridDatabase>, result: BulkInsertResult<Event>) => Promise<void>)
    | undefined
}

type Beside<Event> = BulkInsertOptions<Event>['beside']
type Counts = Pick<BulkInsertResult<unknown>, 'inserted' | 'merged'>

const NOTHING = { inserted: 0, duplicates: 0, merged: 0, conflicts: [] } as const

/** Inserts a batch of any size by one statement, and first makes the partitions of its days. */
export async function bulkInsert<Event extends StoredRow>(
  db: Kysely<GridDatabase>,
  target: EventTable<Event>,
  events: readonly Event[],
  { beside }: BulkInsertOptions<Event> = {},
): Promise<BulkInsertResult<Event>> {
  if (events.length === 0) return committed(db, beside, async () => NOTHING)
  const { rows, repeated } = sortApart(target, events)
  // A later event of the batch may fill an earlier one: one statement cannot update the row it inserts.
  if (target.fills !== undefined && repeated.length > 0) {
    return inTransaction(db, (trx) =>
      committed(trx, beside, async () =>
        sum(await bulkInsert(trx, target, rows), await bulkInsert(trx, target, repeated)),
      ),
    )
  }
  return insertRows(db, target, { rows, repeated }, beside)
}

/** Runs work, with what is to be committed beside it in one transaction, where there is such. */
function committed<Event>(
  db: Kysely<GridDatabase>,
  beside: Beside<Event>,
  work: (db: Kysely<GridDatabase>) => Promise<BulkInsertResult<Event>>,
): Promise<BulkInsertResult<Event>> {
  if (beside === undefined) return work(db)
  return inTransaction(db, async (trx) => {
    const result = await work(trx)
    await beside(trx, result)
    return result
  })
}

/** Sorts events by key, and takes apart those whose key came before. */
function sortApart<Event extends StoredRow>(
  { compare }: EventTable<Event>,
  events: readonly Event[],
): { readonly rows: Event[]; readonly repeated: Event[] } {
  const rows: Event[] = []
  const repeated: Event[] = []
  for (const event of events.toSorted(compare)) {
    const last = rows.at(-1)
    const isRepeated = last !== undefined && compare(last, event) === 0
    ;(isRepeated ? repeated : rows).push(event)
  }
  return { rows, repeated }
}

function sum<Event>(
  first: BulkInsertResult<Event>,
  second: BulkInsertResult<Event>,
): BulkInsertResult<Event> {
  return {
    inserted: first.inserted + second.inserted,
    duplicates: first.duplicates + second.duplicates,
    merged: first.merged + second.merged,
    conflicts: [...first.conflicts, ...second.conflicts],
  }
}

type SortedBatch<Event> = Pick<InsertedBatch<Event>, 'rows' | 'repeated'>

async function insertRows<Event extends StoredRow>(
  db: Kysely<GridDatabase>,
  target: EventTable<Event>,
  batch: SortedBatch<Event>,
  beside: Beside<Event>,
): Promise<BulkInsertResult<Event>> {
  const { table } = target
  const { rows } = batch
  const statementOf = (written: readonly WrittenColumn<Event>[]) => {
    const { columns, alike, arrays } = encodeBatch<Event>(written, rows)
    return { ...eventInsertSql(target, columns, alike), arrays }
  }
  const store = (statement: ReturnType<typeof statementOf>): Promise<BulkInsertResult<Event>> =>
    committed(db, beside, async (trx) => {
      const { sql, arrays, answersCounts } = statement
      const result = await trx.executeQuery<Counts>(CompiledQuery.raw(sql, [...arrays]))
      const counts = answersCounts
        ? (result.rows[0] ?? NOTHING)
        : { inserted: Number(result.numAffectedRows), merged: 0 }
      return accountFor(trx, target, batch, counts)
    })
  const narrow = narrowInsert(db, target)
  let execute: () => Promise<BulkInsertResult<Event>>
  if (narrow === null) {
    // Before anything is asked of the server, so that what cannot be encoded is refused without it.
    const statement = statementOf(target.written ?? target.columns)
    execute = () => store(statement)
  } else {
    execute = () =>
      narrow.insert(rows, async (columns) => {
        const result = await store(statementOf(columns))
        // Their rows hold other values than the ones that later rows would build on.
        narrow.forget(result.conflicts.map(({ event }) => event))
        return result
      })
  }
  if (!isPartitionedTable(table)) return execute()
  for (let attempt = 1; ; attempt++) {
    await ensureDays(db, table, rows)
    try {
      return await execute()
    } catch (cause) {
      if (!isPartitionMissing(cause)) throw cause
      // Another process removed a day that this one remembers as stored.
      forgetDays(db, table)
      if (!db.isTransaction && attempt === 1) continue
      throw new DatabaseError(
        'PARTITION_MISSING',
        `a partition of ${table} vanished before the insert: try the transaction again`,
        { cause, context: { table } },
      )
    }
  }
}

/** Says what became of the rows that the server did not count. */
async function accountFor<Event extends StoredRow>(
  db: Kysely<GridDatabase>,
  target: EventTable<Event>,
  { rows, repeated }: SortedBatch<Event>,
  { inserted, merged }: Counts,
): Promise<BulkInsertResult<Event>> {
  const known = rows.length - inserted - merged
  if (known + repeated.length === 0) return { ...NOTHING, inserted, merged }
  const conflicts = await findConflicts(db, target, { rows, known, repeated })
  const duplicates = known + repeated.length - conflicts.length
  if (known >= 0 && duplicates >= 0) return { inserted, duplicates, merged, conflicts }
  const counts = { sent: rows.length, inserted, merged, repeated: repeated.length }
  throw new DatabaseError(
    'COUNTS_DISAGREE',
    `of ${rows.length} rows ${inserted} were inserted and ${merged} merged, ${repeated.length} more ` +
      `came twice, ${conflicts.length} conflict: a trigger or rule changes the rows of ${target.table}`,
    { context: { table: target.table, ...counts, conflicts: conflicts.length } },
  )
}

/** Whether a row found no partition. A failed CHECK has the same SQLSTATE, but names its constraint. */
function isPartitionMissing(error: unknown): boolean {
  const { code, constraint } = error as { code?: unknown; constraint?: unknown }
  return code === '23514' && !constraint
}
