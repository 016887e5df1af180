import type { ArrayValue } from './array-literal.ts'

/** How a column's values travel to the database and back. */
interface ColumnKind {
  /** The type of the array parameter. */
  readonly arrayType: string
  /** SQL that turns an element into the stored value. */
  readonly storeSql: (element: string) => string
  /** SQL that gives the stored value as text, exactly. */
  readonly readSql: (column: string) => string
  readonly encode: (value: unknown) => ArrayValue
  readonly decode: (text: string) => unknown
}

/** The name of a kind of columns; `ms` and `us` are instants in epoch milliseconds and microseconds. */
export type ColumnKindName =
  | 'text'
  | 'numeric'
  | 'bigint'
  | 'integer'
  | 'boolean'
  | 'jsonb'
  | 'bytea'
  | 'ms'
  | 'us'

/** The kinds of columns. */
export const COLUMN_KINDS: Readonly<Record<ColumnKindName, ColumnKind>> = {
  text: kind('text', (text) => text),
  numeric: kind('numeric', (text) => text),
  bigint: kind('bigint', Number),
  integer: kind('integer', Number),
  boolean: kind('boolean', (text) => text === 'true'),
  jsonb: { ...kind('jsonb', JSON.parse), encode: (value) => JSON.stringify(value) },
  bytea: {
    ...kind('bytea', (text) => Uint8Array.from(Buffer.from(text.slice(2), 'hex'))),
    encode: (value) => `\\x${Buffer.from(value as Uint8Array).toString('hex')}`,
  },
  ms: instant('millisecond', 1_000),
  us: instant('microsecond', 1_000_000),
}

function kind(type: string, decode: (text: string) => unknown): ColumnKind {
  return {
    arrayType: `${type}[]`,
    storeSql: (element) => element,
    readSql: (column) => `${column}::text`,
    encode: (value) => value as ArrayValue,
    decode,
  }
}

/** An instant as a count of `unit`s since 1970: exact, for no fraction passes through a float. */
function instant(unit: string, perSecond: number): ColumnKind {
  return {
    ...kind('bigint', Number),
    storeSql: (element) => `timestamptz 'epoch' + ${element} * interval '1 ${unit}'`,
    readSql: (column) => `(extract(epoch from ${column}) * ${perSecond})::bigint::text`,
  }
}
