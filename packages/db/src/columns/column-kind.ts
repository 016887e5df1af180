import { CATEGORIES, parseExactJson } from '@grid/core-events'
import type { Values } from './encoding/array-parameter.ts'
import {
  encodeBigints,
  encodeBooleans,
  encodeCategories,
  encodeDigits,
  encodeIntegers,
  encodeMicroseconds,
  encodeMilliseconds,
  encodeUuids,
} from './encoding/encode-fixed.ts'
import { encodeNumerics } from './encoding/encode-numerics.ts'
import { encodeBytes, encodeJsons, encodeTexts } from './encoding/encode-varying.ts'

/** How a column's values travel to the database and back. */
interface ColumnKind {
  /** The column's type. */
  readonly type: string
  /** Writes values as an array in PostgreSQL's binary format; throws for a value of another kind. */
  readonly encode: (values: Values<never>) => Buffer
  /** For values that travel as another type: that type, and SQL that makes the column's value from it. */
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

/** The name of a kind of columns that are written; `category` is read as `text`. */
export type WrittenKindName = ColumnKindName | 'category'

/** The kinds of columns; `ms` and `us` are instants in epoch milliseconds and microseconds. */
export const COLUMN_KINDS: Readonly<Record<WrittenKindName, ColumnKind>> = {
  text: kind('text', encodeTexts, (text) => text),
  /**
   * A `market_category`, an enum. It travels as the place of its name: as text, PostgreSQL would look
   * the name up for every row.
   */
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
  jsonb: kind('jsonb', encodeJsons, parseExactJson),
  bytea: {
    ...kind('bytea', encodeBytes, (text) => Uint8Array.from(Buffer.from(text, 'hex'))),
    // Unlike a cast, the same with every `bytea_output`.
    readSql: (column) => `encode(${column}, 'hex')`,
  },
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

/** An instant as a whole number since 1970, which is exact: no fraction passes through a float. */
function instant(encode: ColumnKind['encode'], perSecond: number): ColumnKind {
  return {
    ...kind('timestamptz', encode, Number),
    readSql: (column) => `(extract(epoch from ${column}) * ${perSecond})::bigint::text`,
  }
}
