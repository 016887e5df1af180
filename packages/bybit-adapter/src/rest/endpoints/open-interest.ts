import type { Decimal } from '@grid/core-events'
import { z } from 'zod'
import type { ListEndpoint } from '../lists/rest-list.ts'
import { rowDecimal, rowOptionalDecimal, rowTime } from './row-values.ts'

/** The spacing of open interest samples. */
export type OpenInterestInterval = '5min' | '15min' | '30min' | '1h' | '4h' | '1d'

/** The open interest of one symbol at one instant. */
export interface OpenInterest {
  /** Epoch milliseconds. */
  readonly ts: number
  /** Both sides summed; linear: base quantity, inverse: USD. */
  readonly openInterest: Decimal
  /** One side; null before June 2026. */
  readonly singleOpenInterest: Decimal | null
}

const openInterestSchema: z.ZodType<OpenInterest> = z
  .looseObject({
    timestamp: rowTime,
    openInterest: rowDecimal,
    singleOpenInterest: rowOptionalDecimal,
  })
  .transform((row) => ({
    ts: row.timestamp,
    openInterest: row.openInterest,
    singleOpenInterest: row.singleOpenInterest,
  }))

/** Samples of open interest, newest first. */
export const OPEN_INTEREST: ListEndpoint<OpenInterest> = {
  path: '/v5/market/open-interest',
  channel: null,
  schema: () => openInterestSchema,
}
