import {
  type Decimal,
  isSymbol,
  LATEST_EXCHANGE_TS,
  parseDecimal,
  parseExchangeTs,
} from '@grid/core-events'
import { z } from 'zod'
import { parseSequence } from '../../wire/wire.ts'

/** Reads a value by a parser, which gives undefined for what it refuses. */
function read<Value>(
  parse: (value: unknown) => Value | undefined,
  message: string,
): z.ZodType<Value> {
  // Optional, so that the parser decides about absent fields as well.
  return z
    .unknown()
    .optional()
    .transform((value, context) => {
      const parsed = parse(value)
      if (parsed !== undefined) return parsed
      context.addIssue({ code: 'custom', message })
      return z.NEVER
    })
}

/** A decimal, kept digit for digit. */
export const rowDecimal: z.ZodType<Decimal> = read(
  (value) => parseDecimal(value) ?? undefined,
  'must be a decimal string such as "100000.10"',
)
/** A decimal; null when absent, null or `""`. */
export const rowOptionalDecimal: z.ZodType<Decimal | null> = read(
  (value) => (value === undefined || value === null ? null : parseDecimal(value)),
  'must be empty or a decimal string such as "100000.10"',
)
/** An identifying time in epoch milliseconds. */
export const rowTime: z.ZodType<number> = read(
  parseExchangeTs,
  'must be epoch milliseconds from 2019 to 2099',
)
/**
 * A describing time in epoch milliseconds; null when absent, null, `""` or `0`.
 *
 * It may lie before 2019: some pairs are older than the recorded market.
 */
export const rowOptionalTime: z.ZodType<number | null> = read((value) => {
  if (value === undefined || value === null || value === '') return null
  const ms = parseSequence(value)
  return ms === undefined || ms >= LATEST_EXCHANGE_TS ? undefined : ms || null
}, 'must be empty or epoch milliseconds before 2100')
/** A name: 1 to 64 characters. */
export const rowName: z.ZodType<string> = read(
  (value) => (isSymbol(value) ? value : undefined),
  'must be 1 to 64 characters without blanks, control characters or "|"',
)
/** A cross sequence; −1 when absent. */
export const rowSequence: z.ZodType<number> = read(
  (value) => (value === undefined ? -1 : parseSequence(value)),
  'must be a whole number of at most 2^53 − 1, or its digits',
)
/** A text; null when absent, null or `""`. */
export const rowText: z.ZodType<string | null> = read(
  (value) =>
    value === undefined || value === null || value === ''
      ? null
      : typeof value === 'string'
        ? value
        : undefined,
  'must be a text',
)
/** A whole number. */
export const rowInteger: z.ZodType<number> = read(parseSequence, 'must be a whole number')
/** A whole number; null when absent or null. */
export const rowOptionalInteger: z.ZodType<number | null> = read(
  (value) => (value === undefined || value === null ? null : parseSequence(value)),
  'must be a whole number',
)
/** A flag; null when absent or null. */
export const rowFlag: z.ZodType<boolean | null> = read(
  (value) =>
    value === undefined || value === null ? null : typeof value === 'boolean' ? value : undefined,
  'must be true or false',
)
