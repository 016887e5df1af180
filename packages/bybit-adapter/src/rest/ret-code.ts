import type { BybitAdapterErrorCode } from '../errors.ts'

/** What a `retCode` asks of the caller. */
export interface RetCodeMeaning {
  readonly code: BybitAdapterErrorCode
  readonly retryable: boolean
}

const REFUSED: RetCodeMeaning = { code: 'REFUSED', retryable: false }
const TRANSIENT: RetCodeMeaning = { code: 'REFUSED', retryable: true }
const RATE_LIMITED: RetCodeMeaning = { code: 'RATE_LIMITED', retryable: true }

/** All codes not listed ask for another request, not for the same one again. */
const MEANINGS: ReadonlyMap<number, RetCodeMeaning> = new Map([
  // The request arrived too late, or by a clock that is wrong.
  [-1, TRANSIENT],
  [10002, TRANSIENT],
  // Timeouts and restarts of the exchange.
  [10000, TRANSIENT],
  [10016, TRANSIENT],
  [10019, TRANSIENT],
  // Too many requests: of this endpoint, of everyone, of this address.
  [10006, RATE_LIMITED],
  [429, RATE_LIMITED],
  [10018, { code: 'IP_BANNED', retryable: true }],
])

/** The meaning of a `retCode` other than 0. */
export function retCodeMeaning(retCode: number): RetCodeMeaning {
  return MEANINGS.get(retCode) ?? REFUSED
}
