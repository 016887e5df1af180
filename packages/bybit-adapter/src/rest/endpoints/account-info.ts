import type { OpenEnum } from '@grid/core-events'
import { z } from 'zod'
import type { Reply } from '../http/reply.ts'
import { readResult } from '../lists/read-result.ts'
import { rowInteger, rowOptionalTime, rowText } from './row-values.ts'

/** How an account trades (`/v5/account/info`). */
export interface AccountInfo {
  /** 1 classic, 3 unified 1.0, 4 unified 1.0 pro, 5 unified 2.0, 6 unified 2.0 pro. */
  readonly unifiedMarginStatus: number
  readonly marginMode: OpenEnum<'ISOLATED_MARGIN' | 'REGULAR_MARGIN' | 'PORTFOLIO_MARGIN'> | null
  readonly spotHedgingStatus: OpenEnum<'ON' | 'OFF'> | null
  /** Epoch milliseconds. */
  readonly updatedTime: number | null
}

const accountInfoSchema: z.ZodType<AccountInfo> = z.object({
  unifiedMarginStatus: rowInteger,
  marginMode: rowText,
  spotHedgingStatus: rowText,
  updatedTime: rowOptionalTime,
})

/** Reads the reply of `/v5/account/info`. */
export function readAccountInfo(reply: Reply): AccountInfo {
  return readResult(reply, accountInfoSchema)
}
