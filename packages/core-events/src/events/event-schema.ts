import { z } from 'zod'
import { EARLIEST_EXCHANGE_TS, LATEST_EXCHANGE_TS } from '../values/time.ts'
import {
  CATEGORIES,
  type Category,
  isAccountId,
  isSymbol,
  SOURCES,
  type Source,
} from './channel.ts'

/** An identifier or enumeration value, by the rules of `isSymbol`. */
export const nameSchema: z.ZodType<string> = z.custom<string>(
  isSymbol,
  'must be 1 to 64 characters without blanks, control characters or "|"',
)

/** A cross sequence or a position in a match: a safe integer, −1 when unknown. */
export const sequenceSchema: z.ZodType<number> = z.int().min(-1)

/** A content hash: 16 bytes in hexadecimal. */
export const contentHashSchema: z.ZodType<string> = z
  .string()
  .regex(/^[\da-f]{32}$/, 'must be 32 hexadecimal digits in lower case')

/** A plausible exchange time in epoch milliseconds. */
const exchangeTsSchema: z.ZodType<number> = z.int().min(EARLIEST_EXCHANGE_TS).lt(LATEST_EXCHANGE_TS)

/** The fields of all events. */
const stampShape: {
  exchangeTs: z.ZodType<number>
  localTsUs: z.ZodType<number>
  source: z.ZodType<Source>
} = {
  exchangeTs: exchangeTsSchema,
  localTsUs: z.int().min(0),
  source: z.enum(SOURCES),
}

/** The fields of all events of an instrument, to be spread into a channel's schema. */
export const eventBaseShape: typeof stampShape & {
  category: z.ZodType<Category>
  symbol: z.ZodType<string>
} = { category: z.enum(CATEGORIES), symbol: nameSchema, ...stampShape }

/** The fields of all events of an account, to be spread into a channel's schema. */
export const accountEventShape: typeof stampShape & { accountId: z.ZodType<string> } = {
  accountId: z.custom<string>(isAccountId, 'must be a UUID in lower case'),
  ...stampShape,
}
