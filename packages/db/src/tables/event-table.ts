import type { Column, WrittenColumn } from '../columns/column.ts'
import type { PartitionedTable } from '../partitions/ensure-partitions.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { HashedKey } from './scope-sql.ts'

/** What the row of every event has. */
export interface StoredRow {
  readonly channel: string
  /** Epoch milliseconds. */
  readonly exchangeTs: number
}

/** A field on which two deliveries of one thing must agree, where both know it. */
export interface ImmutableField<Row> {
  readonly field: keyof Row & string
  /**
   * SQL, of the names of the stored and of the offered row, that is true where both know it, null
   * included; without it null is unknown.
   */
  readonly bothKnow?: (stored: string, offered: string) => string
}

/** Where and how the events of one channel are stored. */
export interface EventTable<Row extends StoredRow> {
  readonly channel: Row['channel']
  readonly table: keyof GridDatabase
  /** The view of the table that gives its columns. Left out, the table does. */
  readonly view?: string
  /** What is read of a row. */
  readonly columns: readonly Column<Row>[]
  /** The hashes that its index is of. Left out, it is of the key's columns themselves. */
  readonly hashed?: HashedKey
  /** What is written of it. Left out, the same. */
  readonly written?: readonly WrittenColumn<Row>[]
  /** The fields of the primary key, in its order. */
  readonly key: readonly (keyof Row & string)[]
  /** Orders by key, alike for every writer: that is what keeps two of them from deadlock. */
  readonly compare: (a: Row, b: Row) => number
  /** SQL of the total order of a (category, symbol), after `exchange_ts`. */
  readonly order: readonly string[]
  readonly immutable: readonly ImmutableField<Row>[]
  /**
   * Fields that a later row fills where the stored one has null; it overwrites no value, and fills
   * nothing when the two disagree on an immutable field. Left out, a stored row never changes.
   */
  readonly fills?: readonly (keyof Row & string)[]
  /**
   * SQL of a statement that the same statement also does, over the new rows (`written`), so that
   * both are stored or neither. Not for a table that `fills`.
   */
  readonly derives?: string
  /** Duplicates that are compared with what is stored: each, or a sample of many (the default). */
  readonly comparison?: 'each' | 'sample'
}

/** Events of instruments, in a partition a UTC day. */
export interface DailyTable<Row extends StoredRow> extends EventTable<Row> {
  readonly table: PartitionedTable
}

/** Orders two texts or numbers. */
export function compareValues<Value extends string | number>(a: Value, b: Value): number {
  return a === b ? 0 : a < b ? -1 : 1
}

/** The column of a field. */
export function columnOf<Row extends StoredRow>(
  { columns, table }: EventTable<Row>,
  field: keyof Row & string,
): Column<Row> {
  const column = columns.find((candidate) => candidate.field === field)
  if (column === undefined) throw new TypeError(`${table} has no column of ${field}`)
  return column
}
