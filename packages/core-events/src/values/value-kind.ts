import { z } from 'zod'
import { type Decimal, decimalSchema } from './decimal.ts'
import { type JsonValue, jsonObjectSchema, jsonValueSchema } from './json.ts'

/** How a value is written; each may be null, and `""` on the wire is. `timestamp` is in epoch milliseconds. */
export type ValueKind = 'decimal' | 'text' | 'integer' | 'timestamp' | 'flag' | 'object' | 'json'

/** The kinds that can hold a value of a type. */
type KindFor<Value> = JsonValue extends Value
  ? 'json'
  : Value extends Decimal | null
    ? 'decimal'
    : Value extends string | null
      ? 'text'
      : Value extends number | null
        ? 'integer' | 'timestamp'
        : Value extends boolean | null
          ? 'flag'
          : 'object'

/** The kind of each value of a channel: none can be forgotten, and none be of the wrong kind. */
export type ValueKinds<Values> = { readonly [Name in keyof Values]: KindFor<Values[Name]> }

/** A text as the exchange or a user wrote it: not empty, and such that PostgreSQL can hold it. */
export const textSchema: z.ZodType<string> = z.custom<string>(
  isText,
  'must be a text that is not empty, without NUL and unpaired surrogates',
)

/**
 * Whether a value is a text that can be stored: not empty, without NUL and unpaired surrogates.
 *
 * @example
 * isText('CreateByUser') // true
 */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.isWellFormed() && !value.includes('\0')
}

const BY_KIND: { readonly [Kind in ValueKind]: z.ZodType } = {
  decimal: decimalSchema,
  text: textSchema,
  integer: z.int(),
  timestamp: z.int().min(0),
  flag: z.boolean(),
  object: jsonObjectSchema,
  json: jsonValueSchema,
}

/** One schema a value, null allowed, to be spread into a channel's own schema. */
export function valueShape<Values>(kinds: ValueKinds<Values>): {
  [Name in keyof Values]: z.ZodType<Values[Name]>
} {
  const shape = Object.entries<ValueKind>(kinds).map(([name, kind]) => [
    name,
    BY_KIND[kind].nullable(),
  ])
  // Sound: `ValueKinds` binds each value's kind to its type.
  return Object.fromEntries(shape) as { [Name in keyof Values]: z.ZodType<Values[Name]> }
}
