import { COLUMN_KINDS, type ColumnKindName } from './column-kind.ts'
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

/**
 * One array parameter a column, in PostgreSQL's binary format.
 *
 * Throws `NOT_ENCODABLE` for a value that is not of its column's kind, and for more bytes than
 * PostgreSQL takes at once, nearly 1 GiB: fewer rows may do.
 */
export function columnArrays<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): readonly Buffer[] {
  let bytes = 0
  return columns.map(({ name, field, kind }) => {
    // Sound: what is of another type is refused.
    const values = rows.map((row) => row[field]) as Values<never>
    try {
      const parameter = COLUMN_KINDS[kind].encode(values)
      bytes += parameter.byteLength
      if (bytes > MOST_PARAMETER_BYTES) throw new RangeError(`${bytes} bytes are too many`)
      return parameter
    } catch (cause) {
      throw new DatabaseError('NOT_ENCODABLE', `column ${name} of ${rows.length} rows: ${cause}`, {
        cause,
        context: { column: name, rows: rows.length },
      })
    }
  })
}

/** SQL of the parameters of {@link columnArrays}. */
export function arraysSql<Row>(columns: readonly Column<Row>[]): readonly string[] {
  return columns.map(({ kind }, index) => `$${index + 1}::${COLUMN_KINDS[kind].type}[]`)
}

/**
 * SQL that inserts the rows of {@link columnArrays} into a table, called `stored`; `onConflict` says
 * what becomes of those whose key is there: they are passed over by default.
 *
 * The arrays are unnested in the select list, not in `from`: there each would be written to a store
 * of its own before the first row is made, which costs an eighth of the insert's speed.
 */
export function insertSql<Row>(
  table: string,
  columns: readonly Column<Row>[],
  onConflict = 'do nothing',
): string {
  const names = columns.map(({ name }) => name).join(', ')
  const values = arraysSql(columns).map((array) => `unnest(${array})`)
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
