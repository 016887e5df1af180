import type { Column } from './column.ts'
import { COLUMN_KINDS, type ColumnKindName } from './column-kind.ts'

/** A page of rows as one row: the texts of a column joined to one, under the column's name. */
export type PageTexts = Readonly<Record<string, string | null>>

const ROW_COUNT = 'page_rows'
/** Kinds whose texts may hold any character; those of all others hold no comma and are never empty. */
const WRITTEN_AS_JSON: ReadonlySet<ColumnKindName> = new Set(['text', 'jsonb'])

/**
 * SQL that reads the rows of a select as one row, a text a column, in the select's order.
 *
 * A result of a few long texts costs server, driver and this process about half of what one with a
 * text for every value costs.
 */
export function pageSql<Row>(columns: readonly Column<Row>[], rowsSql: string): string {
  const texts = columns.map(({ name, kind }) => {
    const value = `page.${name}`
    const joined = WRITTEN_AS_JSON.has(kind)
      ? `json_agg(${value})::text`
      : `string_agg(coalesce(${COLUMN_KINDS[kind].readSql(value)}, ''), ',')`
    return `${joined} as ${name}`
  })
  return `select count(*)::text as ${ROW_COUNT}, ${texts.join(', ')} from (${rowsSql}) as page`
}

/** The rows of {@link pageSql}, which have the given constants before their columns' fields. */
export function decodePage<Row>(
  columns: readonly Column<Row>[],
  page: PageTexts,
  constants: Partial<Row>,
): readonly Row[] {
  const count = Number(page[ROW_COUNT])
  if (count === 0) return []
  const values = columns.map(({ name, kind }) => decodeColumn(kind, page[name] ?? ''))
  const blank = blankRow(columns, constants)
  const rows: Row[] = []
  for (let index = 0; index < count; index++) {
    const row = { ...blank }
    for (let place = 0; place < columns.length; place++) {
      // Sound: one list of values for each column.
      const { field } = columns[place] as Column<Row>
      row[field] = (values[place] as readonly unknown[])[index]
    }
    // Sound: the columns are the row's fields.
    rows.push(row as Row)
  }
  return rows
}

function decodeColumn(kind: ColumnKindName, text: string): readonly unknown[] {
  if (WRITTEN_AS_JSON.has(kind)) return JSON.parse(text) as readonly unknown[]
  const { decode } = COLUMN_KINDS[kind]
  return text.split(',').map((value) => (value === '' ? null : decode(value)))
}

/**
 * A row without values that rows are copied from. An object that gets many fields one by one, by
 * computed names, ends as a slow and large hash table; a copy of a parsed one does not.
 */
function blankRow<Row>(
  columns: readonly Column<Row>[],
  constants: Partial<Row>,
): Partial<Record<keyof Row, unknown>> {
  const fields = Object.fromEntries(columns.map(({ field }) => [field, null]))
  return JSON.parse(JSON.stringify({ ...constants, ...fields })) as Partial<
    Record<keyof Row, unknown>
  >
}
