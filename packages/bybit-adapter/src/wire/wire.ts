import {
  isDecimal,
  isSymbol,
  parseDecimal,
  parseExchangeTs,
  parseOptionalTs,
} from '@grid/core-events'
import { z } from 'zod'

const DIGITS = /^\d{1,16}$/

/** A JSON object as it comes from the wire. */
export type WireObject = Readonly<Record<string, unknown>>

/** Whether a parsed JSON value is an object rather than an array, a scalar or null. */
export function isWireObject(value: unknown): value is WireObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reads a cross sequence from a JSON number or a digit string; undefined when it is neither. */
export function parseSequence(value: unknown): number | undefined {
  const sequence = typeof value === 'string' && DIGITS.test(value) ? Number(value) : value
  if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence) || sequence < 0) {
    return undefined
  }
  // JSON has a negative zero, which would not survive being stored.
  return sequence + 0
}

/** What a field on the wire must be, for the reason of a dead letter. */
export const wireName: z.ZodType<string> = z.custom<string>(
  isSymbol,
  'must be 1 to 64 characters without blanks, control characters or "|"',
)
/** A name, or `""` for "not applicable". */
export const wireOptionalName: z.ZodType<string> = z.custom<string>(
  (value) => value === '' || isSymbol(value),
  'must be empty or 1 to 64 characters without blanks, control characters or "|"',
)
export const wireDecimal: z.ZodType<string> = z.custom<string>(
  (value) => typeof value === 'string' && isDecimal(value),
  'must be a decimal string such as "100000.10"',
)
/** A decimal, or `""` for "not applicable". */
export const wireOptionalDecimal: z.ZodType<string> = z.custom<string>(
  (value) => parseDecimal(value) !== undefined,
  'must be empty or a decimal string such as "100000.10"',
)
export const wireTime: z.ZodType<number | string> = z.custom<number | string>(
  (value) => parseExchangeTs(value) !== undefined,
  'must be epoch milliseconds from 2019 to 2099',
)
/** A describing time, or `""` or `0` for "not applicable". */
export const wireOptionalTime: z.ZodType<number | string> = z.custom<number | string>(
  (value) => parseOptionalTs(value) !== undefined,
  'must be empty, epoch milliseconds from 2019 to 2099, or ISO 8601',
)
export const wireSequence: z.ZodType<number | string> = z.custom<number | string>(
  (value) => parseSequence(value) !== undefined,
  'must be a whole number of at most 2^53 − 1, or its digits',
)
