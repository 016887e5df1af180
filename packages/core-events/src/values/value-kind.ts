import { z } from 'zod'
import { type Decimal, decimalSchema } from './decimal.ts'
import { type JsonValue, jsonObjectSchema, jsonValueSchema } from './json.ts'

/** The kind of a private value; `timestamp` is in epoch milliseconds. Any value may be null. */
export type ValueKind = 'decimal' | 'text' | 'integer' | 'timestamp' | 'flag' | 'object' | 'json'

/** The kinds that fit a type. */
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

/** The kind of each value of a channel; the compiler refuses a missing value and a wrong kind. */
export type ValueKinds<Values> = { readonly [Name in keyof Values]: KindFor<Values[Name]> }

/** A text that is not empty and that PostgreSQL can hold, by the rules of {@link isText}. */
export const textSchema: z.ZodType<string> = z.custom<string>(
  isText,
  'must be a text that is not empty, without NUL and unpaired surrogates',
)

/**
 * Whether a value is a text that PostgreSQL can hold: not empty, without NUL and unpaired surrogates.
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

/** The schema of each value, with null allowed, to be spread into a channel's schema. */
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
