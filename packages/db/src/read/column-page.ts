import { parseExactJson } from '@grid/core-events'
import type { Column } from '../columns/column.ts'
import { COLUMN_KINDS, type ColumnKindName } from '../columns/column-kind.ts'
import { decodeInstants } from '../columns/encoding/decode-instants.ts'
import { sqlText } from '../columns/sql-text.ts'

/** A page of rows as one row: all values of a column as one text, under the column's name. */
export type PageTexts = Readonly<Record<string, string | null>>

/** A column's name and kind. */
type NamedKind = Pick<Column<never>, 'name' | 'kind'>

const ROW_COUNT = 'page_rows'

/** How the values of a column are written as one text, and read from it. */
interface PageForm {
  readonly sql: (value: string, kind: ColumnKindName) => string
  /** Not called for a page without rows. */
  readonly decode: (text: string, kind: ColumnKindName) => readonly unknown[]
}

/** For kinds whose texts have no comma and are never empty. */
const JOINED: PageForm = {
  sql: (value, kind) => `string_agg(coalesce(${COLUMN_KINDS[kind].readSql(value)}, ''), ',')`,
  decode(text, kind) {
    const { decode } = COLUMN_KINDS[kind]
    return text.split(',').map((value) => (value === '' ? null : decode(value)))
  },
}
/** For kinds whose texts may have any character. */
const JSON_TEXTS: PageForm = {
  sql: (value) => `json_agg(${value})::text`,
  decode: (text) => JSON.parse(text) as readonly unknown[],
}
/** The same for JSON, whose numbers keep their digits. */
const EXACT_TEXTS: PageForm = {
  sql: JSON_TEXTS.sql,
  // Most pages hold nothing but nulls.
  decode: (text) => (/\d/.test(text) ? parseExactJson(text) : JSON.parse(text)) as unknown[],
}
/** For kinds whose texts are JSON already. */
const JSON_VALUES: PageForm = {
  sql: (value, kind) => `string_agg(coalesce(${COLUMN_KINDS[kind].readSql(value)}, 'null'), ',')`,
  decode: (text) => JSON.parse(`[${text}]`) as readonly unknown[],
}
/** For instants: written as text, they cost the server three times as much. */
const BINARY: PageForm = {
  sql: (value) => `encode(array_send(array_agg(${value})), 'base64')`,
  decode: (text, kind) => decodeInstants(Buffer.from(text, 'base64'), kind === 'ms' ? 1000 : 1),
}

const FORMS: Readonly<Record<ColumnKindName, PageForm>> = {
  text: JSON_TEXTS,
  jsonb: EXACT_TEXTS,
  bigint: JSON_VALUES,
  integer: JSON_VALUES,
  boolean: JSON_VALUES,
  ms: BINARY,
  us: BINARY,
  uuid: JOINED,
  numeric: JOINED,
  digits: JOINED,
  bytea: JOINED,
}

/**
 * SQL that reads the rows of a select as one row, with one text a column, in the select's order.
 *
 * A few long texts cost server, driver and this process about half as much as a text for every value.
 */
export function pageSql(columns: readonly NamedKind[], rowsSql: string): string {
  const texts = columns.map(
    ({ name, kind }) => `${FORMS[kind].sql(`page.${name}`, kind)} as ${name}`,
  )
  return sqlText`
    select count(*)::text as ${ROW_COUNT},
      ${texts.join(',\n')}
    from (
      ${rowsSql}
    ) as page`
}

/** Makes the rows of a page that {@link pageSql} read; `constants` are added to each. */
export function decodePage<Row>(
  columns: readonly Column<Row>[],
  page: PageTexts,
  constants: Partial<Row>,
): readonly Row[] {
  const count = Number(page[ROW_COUNT] ?? 0)
  if (count === 0) return []
  const blank = blankRow(columns, constants)
  // A column without any value stays null, as in the blank row.
  const filled = columns
    .map(({ name, field, kind }) => ({ field, values: decodeColumn(kind, page[name], count) }))
    .filter(({ values }) => values.length > 0)
  const rows: Row[] = []
  for (let index = 0; index < count; index++) {
    const row = { ...blank }
    for (const { field, values } of filled) row[field] = values[index]
    // Sound: the columns are the row's fields.
    rows.push(row as Row)
  }
  return rows
}

/** The values of one column of a page. */
export function decodeValues(page: PageTexts, { name, kind }: NamedKind): readonly unknown[] {
  const count = Number(page[ROW_COUNT] ?? 0)
  return count === 0 ? [] : decodeColumn(kind, page[name], count)
}

/** The values of a column; an empty list when all are null. */
function decodeColumn(
  kind: ColumnKindName,
  text: string | null | undefined,
  count: number,
): readonly unknown[] {
  const form = FORMS[kind]
  // Nothing but the commas between nulls.
  if (form === JOINED && text?.length === count - 1) return []
  return form.decode(text ?? '', kind)
}

/**
 * A row without values, which every row starts as a copy of. The engine turns an object that gets many
 * fields by computed names into a slow and large hash table; copies of a parsed object stay fast.
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
