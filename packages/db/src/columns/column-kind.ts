import { CATEGORIES } from '@grid/core-events'
import type { Values } from './encoding/array-parameter.ts'
import { encodeBigints, encodeDigits } from './encoding/encode-bigints.ts'
import { encodeBooleans } from './encoding/encode-booleans.ts'
import { encodeBytes } from './encoding/encode-bytes.ts'
import { encodeCategories } from './encoding/encode-categories.ts'
import { encodeIntegers } from './encoding/encode-fixed.ts'
import { encodeMicroseconds, encodeMilliseconds } from './encoding/encode-instants.ts'
import { encodeJsons } from './encoding/encode-jsons.ts'
import { encodeNumerics } from './encoding/encode-numerics.ts'
import { encodeUuids } from './encoding/encode-uuids.ts'
import { encodeTexts } from './encoding/encode-varying.ts'

/** How a column's values travel to the database and back. */
interface ColumnKind {
  /** The column's type. */
  readonly type: string
  /** Writes values as an array in PostgreSQL's binary format; throws for what is none. */
  readonly encode: (values: Values<never>) => Buffer
  /** How elements travel, where not as the column's type: their type, and SQL of what is stored. */
  readonly sent?: { readonly type: string; readonly storedSql: (element: string) => string }
  /** SQL that gives the stored value as text, exactly. */
  readonly readSql: (column: string) => string
  readonly decode: (text: string) => unknown
}

/** The name of a kind of columns. */
export type ColumnKindName =
  | 'text'
  | 'uuid'
  | 'numeric'
  | 'bigint'
  | 'digits'
  | 'integer'
  | 'boolean'
  | 'jsonb'
  | 'bytea'
  | 'ms'
  | 'us'

/** The name of a kind of columns that are written: some are read as another. */
export type WrittenKindName = ColumnKindName | 'category'

/** The kinds of columns; `ms` and `us` are instants in epoch milliseconds and microseconds. */
export const COLUMN_KINDS: Readonly<Record<WrittenKindName, ColumnKind>> = {
  text: kind('text', encodeTexts, (text) => text),
  /** A `market_category`: as text it would be looked up by its name for every row. */
  category: {
    ...kind('market_category', encodeCategories, (text) => text),
    sent: {
      type: 'integer',
      storedSql: (place) => `('{${CATEGORIES.join()}}'::market_category[])[${place}]`,
    },
  },
  uuid: kind('uuid', encodeUuids, (text) => text),
  numeric: kind('numeric', encodeNumerics, (text) => text),
  bigint: kind('bigint', encodeBigints, Number),
  /** A `bigint` as its digits. */
  digits: kind('bigint', encodeDigits, (text) => text),
  integer: kind('integer', encodeIntegers, Number),
  boolean: kind('boolean', encodeBooleans, (text) => text === 'true'),
  jsonb: kind('jsonb', encodeJsons, (text) => JSON.parse(text)),
  bytea: kind('bytea', encodeBytes, (text) => Uint8Array.from(Buffer.from(text.slice(2), 'hex'))),
  ms: instant(encodeMilliseconds, 1_000),
  us: instant(encodeMicroseconds, 1_000_000),
}

function kind(
  type: string,
  encode: ColumnKind['encode'],
  decode: (text: string) => unknown,
): ColumnKind {
  return { type, encode, readSql: (column) => `${column}::text`, decode }
}

/** An instant as a count since 1970: exact, for no fraction passes through a float. */
function instant(encode: ColumnKind['encode'], perSecond: number): ColumnKind {
  return {
    ...kind('timestamptz', encode, Number),
    readSql: (column) => `(extract(epoch from ${column}) * ${perSecond})::bigint::text`,
  }
}
