import { columnName } from '../schema/column-name.ts'
import type { GridDatabase } from '../schema/database.ts'
import { COLUMN_KINDS, type ColumnKindName, type WrittenKindName } from './column-kind.ts'
import type { KindOf } from './column-of-schema.ts'
import { listText, sqlText } from './sql-text.ts'

/** One column of a table, and the field of an event that it holds. */
export interface Column<Row> {
  /** The field's name in snake case, without the unit of an instant. */
  readonly name: string
  readonly field: keyof Row & string
  readonly kind: ColumnKindName
}

/** A column whose value is made from several fields of a row, or from its place in the batch. */
export interface PackedColumn<Row> {
  readonly name: string
  readonly kind: WrittenKindName
  readonly pack: (row: Row, index: number) => unknown
}

/** A column that is written: from one field, or from several. */
export type WrittenColumn<Row> = Column<Row> | PackedColumn<Row>

/** A row whose values were all read as text. */
export type TextRow = Readonly<Record<string, string | null>>

/**
 * Makes the columns of a table from a kind for each field of its rows. The compiler refuses a missing
 * field (but for `Constant` ones, which are not stored), a field without a column in the schema, and a
 * kind that does not fit the column.
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

/** SQL of the parameters that `columnArrays` makes: `$1::text[]`, `$2::numeric[]`, … */
export function arraysSql<Row>(columns: readonly WrittenColumn<Row>[]): readonly string[] {
  return columns.map(
    ({ kind }, index) => `$${index + 1}::${(COLUMN_KINDS[kind].sent ?? COLUMN_KINDS[kind]).type}[]`,
  )
}

/** How rows are inserted. */
export interface InsertForm<Row> {
  /** The columns in which all rows have the same value: their arrays have one element. */
  readonly alike?: ReadonlySet<WrittenColumn<Row>>
  /** SQL that follows `on conflict`. Default `do nothing`. */
  readonly onConflict?: string
}

/**
 * SQL that inserts the rows of `columnArrays` into a table, which it calls `stored`.
 *
 * The arrays are unnested in the select list. Unnested in `from`, PostgreSQL first writes each array to
 * a store of its own, which costs an eighth of the insert's speed.
 */
export function insertSql<Row>(
  table: string,
  columns: readonly WrittenColumn<Row>[],
  { alike = new Set(), onConflict = 'do nothing' }: InsertForm<Row> = {},
): string {
  const arrays = arraysSql(columns)
  const values = columns.map((column, index) => {
    const element = alike.has(column) ? `(${arrays[index]})[1]` : `unnest(${arrays[index]})`
    return COLUMN_KINDS[column.kind].sent?.storedSql(element) ?? element
  })
  return sqlText`
    insert into ${table} as stored (
      ${listText(columns.map(({ name }) => name))}
    )
    select
      ${values.join(',\n')}
    on conflict ${onConflict}`
}

/** SQL of a select list that reads every column as text, under its own name. */
export function selectListSql<Row>(columns: readonly Column<Row>[]): string {
  return columns
    .map(({ name, kind }) => `${COLUMN_KINDS[kind].readSql(name)} as ${name}`)
    .join(',\n')
}

/** The fields of a row that was read by {@link selectListSql}. */
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
