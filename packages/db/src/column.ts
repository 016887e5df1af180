import { COLUMN_KINDS, type ColumnKindName, type WrittenKindName } from './column-kind.ts'
import { columnName } from './column-name.ts'
import type { KindOf } from './column-of-schema.ts'
import { MOST_PARAMETER_BYTES, type Values } from './encoding/array-parameter.ts'
import { DatabaseError } from './errors.ts'
import type { GridDatabase } from './schema.ts'

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

/** The columns of which a row has a value. Throws `NOT_ENCODABLE`, as does what follows. */
export function filledColumns<Row>(
  columns: readonly WrittenColumn<Row>[],
  rows: readonly Row[],
): readonly WrittenColumn<Row>[] {
  const isFilled = (column: WrittenColumn<Row>): boolean =>
    rows.some((row) => (cellOf(column, row) ?? null) !== null)
  return columns.filter((column) => naming(column, rows, () => isFilled(column)))
}

/** The columns of which all rows have one value: it travels once. */
export function alikeColumns<Row>(
  columns: readonly WrittenColumn<Row>[],
  rows: readonly Row[],
): ReadonlySet<WrittenColumn<Row>> {
  return new Set(columns.filter((column) => naming(column, rows, () => isAlike(column, rows))))
}

/** Whether all rows have one value of a column. */
function isAlike<Row>(column: WrittenColumn<Row>, rows: readonly Row[]): boolean {
  const [row, ...others] = rows
  if (row === undefined) return false
  const value = cellOf(column, row)
  return others.every((other) => cellOf(column, other) === value)
}

/**
 * One array parameter a column, in PostgreSQL's binary format: of one element where it is `alike`.
 *
 * Throws `NOT_ENCODABLE` for a value that is not of its column's kind, and for more bytes than
 * PostgreSQL takes at once, nearly 1 GiB: fewer rows may do.
 */
export function columnArrays<Row>(
  columns: readonly WrittenColumn<Row>[],
  rows: readonly Row[],
  alike: ReadonlySet<WrittenColumn<Row>> = new Set(),
): readonly Buffer[] {
  let bytes = 0
  return columns.map((column) =>
    naming(column, rows, () => {
      // Sound: what is of another type is refused.
      const values = (alike.has(column) ? rows.slice(0, 1) : rows).map((row) =>
        cellOf(column, row),
      ) as Values<never>
      const parameter = COLUMN_KINDS[column.kind].encode(values)
      bytes += parameter.byteLength
      if (bytes > MOST_PARAMETER_BYTES) throw new RangeError(`${bytes} bytes are too many`)
      return parameter
    }),
  )
}

/** Does what may fail for a value of a column: an error names the column. */
function naming<Row, Result>(
  { name }: WrittenColumn<Row>,
  { length }: readonly Row[],
  work: () => Result,
): Result {
  try {
    return work()
  } catch (cause) {
    throw new DatabaseError('NOT_ENCODABLE', `column ${name} of ${length} rows: ${cause}`, {
      cause,
      context: { column: name, rows: length },
    })
  }
}

/** A row's value of a column; a packed one throws for what it cannot hold. */
function cellOf<Row>(column: WrittenColumn<Row>, row: Row): unknown {
  return 'pack' in column ? column.pack(row) : row[column.field]
}

/** SQL of the parameters of {@link columnArrays}. */
export function arraysSql<Row>(columns: readonly WrittenColumn<Row>[]): readonly string[] {
  return columns.map(
    ({ kind }, index) => `$${index + 1}::${(COLUMN_KINDS[kind].sent ?? COLUMN_KINDS[kind]).type}[]`,
  )
}

/** How rows are inserted. */
export interface InsertForm<Row> {
  readonly alike?: ReadonlySet<WrittenColumn<Row>>
  readonly onConflict?: string
}

/**
 * SQL that inserts the rows of {@link columnArrays} into a table, called `stored`; `onConflict` says
 * what becomes of those whose key is there: they are passed over by default.
 *
 * Columns that are `alike` take their only element. The others' arrays are unnested in the select list, not in `from`: there each would be written to a store
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
