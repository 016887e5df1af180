import { columnName } from '../schema/column-name.ts'
import type { GridDatabase } from '../schema/database.ts'
import { COLUMN_KINDS, type ColumnKindName, type WrittenKindName } from './column-kind.ts'
import type { KindOf } from './column-of-schema.ts'

/** One column of a table, and the field of an event that it holds. */
export interface Column<Row> {
  /** Its name: the field's in snake case, without the unit of an instant. */
  readonly name: string
  readonly field: keyof Row & string
  readonly kind: ColumnKindName
}

/** A column of which each value is made of a whole row. */
export interface PackedColumn<Row> {
  readonly name: string
  readonly kind: WrittenKindName
  readonly pack: (row: Row) => unknown
}

/** A column that is written: of a field, or of several. */
export type WrittenColumn<Row> = Column<Row> | PackedColumn<Row>

/** A row of which every value was read as text. */
export type TextRow = Readonly<Record<string, string | null>>

/**
 * The columns of a table: no field of its rows can be forgotten, but for those that are `Constant`
 * in it; each must have its column in the schema, and a kind that fits it.
 */
export function columnsOf<
  Table extends keyof GridDatabase,
  Row,
  Constant extends keyof Row = never,
>(
  kinds: {
    readonly [Field in Exclude<keyof Row & string, Constant>]: KindOf<Table, Row, Field>
  },
): readonly Column<Row>[] {
  return Object.entries<ColumnKindName>(kinds).map(([field, kind]) => ({
    name: columnName(field),
    field: field as keyof Row & string,
    kind,
  }))
}

/** SQL of the parameters that `columnArrays` makes. */
export function arraysSql<Row>(columns: readonly WrittenColumn<Row>[]): readonly string[] {
  return columns.map(
    ({ kind }, index) => `$${index + 1}::${(COLUMN_KINDS[kind].sent ?? COLUMN_KINDS[kind]).type}[]`,
  )
}

/** How rows are inserted. */
export interface InsertForm<Row> {
  /** The columns of which all rows have one value: their arrays have one element. */
  readonly alike?: ReadonlySet<WrittenColumn<Row>>
  readonly onConflict?: string
}

/**
 * SQL that inserts the rows of `columnArrays` into a table, called `stored`; `onConflict` says
 * what becomes of those whose key is there: they are passed over by default.
 *
 * The arrays are unnested in the select list, not in `from`: there each would be written to a store
 * of its own before the first row is made, which costs an eighth of the insert's speed.
 */
export function insertSql<Row>(
  table: string,
  columns: readonly WrittenColumn<Row>[],
  { alike = new Set(), onConflict = 'do nothing' }: InsertForm<Row> = {},
): string {
  const names = columns.map(({ name }) => name).join(', ')
  const arrays = arraysSql(columns)
  const values = columns.map((column, index) => {
    const element = alike.has(column) ? `(${arrays[index]})[1]` : `unnest(${arrays[index]})`
    return COLUMN_KINDS[column.kind].sent?.storedSql(element) ?? element
  })
  return (
    `insert into ${table} as stored (${names}) select ${values.join(', ')} ` +
    `on conflict ${onConflict}`
  )
}

/** SQL that reads every column as text, under its own name. */
export function selectSql<Row>(table: string, columns: readonly Column<Row>[]): string {
  const values = columns.map(({ name, kind }) => `${COLUMN_KINDS[kind].readSql(name)} as ${name}`)
  return `select ${values.join(', ')} from ${table}`
}

/** The fields of a row that {@link selectSql} read. */
export function decodeRow<Row>(
  columns: readonly Column<Row>[],
  texts: TextRow,
): Partial<Record<keyof Row, unknown>> {
  const row: Partial<Record<keyof Row, unknown>> = {}
  for (const { name, field, kind } of columns) {
    const text = texts[name] ?? null
    row[field] = text === null ? null : COLUMN_KINDS[kind].decode(text)
  }
  return row
}
