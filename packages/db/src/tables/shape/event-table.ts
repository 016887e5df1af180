import type { Column, WrittenColumn } from '../../columns/column.ts'
import type { GridDatabase } from '../../schema/database.ts'
import type { PartitionedTable } from '../../schema/market-schema.ts'
import type { KeyLookup, Lookup } from './lookup.ts'
import type { CarriedValues } from './row-form.ts'

/** The fields that the row of every event has. */
export interface StoredRow {
  readonly channel: string
  /** Epoch milliseconds. */
  readonly exchangeTs: number
}

/** A field that must be equal in two deliveries of one event, unless one of them does not know it. */
export interface ImmutableField<Row> {
  readonly field: keyof Row & string
  /**
   * Gives SQL, from the names of the stored and the offered row, that is true where both rows know the
   * field; null then counts as a value. Left out, a row knows the field unless it is null.
   */
  readonly bothKnow?: (stored: string, offered: string) => string
  /** SQL of a value that says nothing, as null does: where the table `fills`, a later row fills it too. */
  readonly nothing?: string
}

/** What the roles may do with a table, as `grant` lists privileges; null for nothing. */
export interface TableGrants {
  /** `grid_writer`: collectors. */
  readonly writer: string
  /** `grid_reader`: services that read. */
  readonly reader: string | null
}

/** A table that is written together with another, and how. */
export interface DerivedTable {
  readonly table: keyof GridDatabase
  /** The columns of its key: of the rows that are equal in them it has one. */
  readonly key: readonly string[]
  /** SQL of a statement over the rows that were just inserted, called `written`. */
  readonly sql: string
}

/** Where and how the events of one channel are stored. */
export interface EventTable<Row extends StoredRow> {
  readonly channel: Row['channel']
  readonly table: keyof GridDatabase
  /** The view that gives `columns`. Left out, the table itself has them. */
  readonly view?: keyof GridDatabase
  /** The columns that are read. */
  readonly columns: readonly Column<Row>[]
  /** The columns that are written. Left out, those that are read. */
  readonly written?: readonly WrittenColumn<Row>[]
  /** The fields of the identity, in the order of its index. */
  readonly key: readonly (keyof Row & string)[]
  /** How a row is found by its key. */
  readonly lookup: KeyLookup
  /**
   * Orders rows by key: category, symbol, and then as they are read. Every writer inserts in this order,
   * so that two cannot deadlock.
   */
  readonly compare: (a: Row, b: Row) => number
  /** SQL terms that complete the total order after `exchange_ts`, each with the table's name. */
  readonly order: readonly string[]
  readonly immutable: readonly ImmutableField<Row>[]
  /**
   * Fields that a later row fills where the stored one has null or says nothing. It overwrites no other value, and
   * fills nothing when the two differ in an immutable field. Left out, a stored row never changes.
   */
  readonly fills?: readonly (keyof Row & string)[]
  /** What the insert's statement also writes, so that both are stored or neither. Not with `fills`. */
  readonly derives?: DerivedTable
  readonly grants: TableGrants
}

/** Where and how the events of a channel of market data are stored: with a partition a UTC day. */
export interface DailyTable<Row extends StoredRow> extends EventTable<Row> {
  readonly table: PartitionedTable
  /** How rows are found by instrument and time. */
  readonly lookup: Lookup
  /** The same on days that an earlier version made, which have a primary key. Left out, there are none. */
  readonly formerLookup?: Lookup
  /** The values that a row may leave to the rows before it. Left out, every row holds all its values. */
  readonly carried?: CarriedValues<Row>
  /**
   * Place among the channels in `readMarket`, for events of one instrument and instant: the lower
   * comes first. No two tables have the same.
   */
  readonly rank: number
}

/** Orders two texts or two numbers. */
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

/** SQL of what a table's rows are read from, under the table's name. */
export function sourceSql<Row extends StoredRow>({ table, view }: EventTable<Row>): string {
  return view === undefined ? table : `${view} as ${table}`
}

/** The opposite of an order of SQL terms. */
export function reversed(order: readonly string[]): readonly string[] {
  return order.map((term) => (term.endsWith(' desc') ? term.slice(0, -5) : `${term} desc`))
}
