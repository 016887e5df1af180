import type { Decimal } from '@grid/core-events'
import { z } from 'zod'
import type { ListEndpoint } from '../lists/rest-list.ts'
import { rowDecimal, rowName, rowTime } from './row-values.ts'

/** One settled funding rate of a perpetual. */
export interface FundingRate {
  readonly symbol: string
  /** Ratio: 0.0001 is 1 basis point. */
  readonly fundingRate: Decimal
  /** When it was settled, in epoch milliseconds. */
  readonly fundingTs: number
}

const fundingRateSchema: z.ZodType<FundingRate> = z
  .looseObject({ symbol: rowName, fundingRate: rowDecimal, fundingRateTimestamp: rowTime })
  .transform((row) => ({
    symbol: row.symbol,
    fundingRate: row.fundingRate,
    fundingTs: row.fundingRateTimestamp,
  }))

/** Past funding rates, newest first. */
export const FUNDING_HISTORY: ListEndpoint<FundingRate> = {
  path: '/v5/market/funding/history',
  channel: null,
  schema: () => fundingRateSchema,
}
