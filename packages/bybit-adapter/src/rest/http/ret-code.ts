import type { BybitAdapterErrorCode } from '../../errors.ts'

/** What a `retCode` means for the caller. */
export interface RetCodeMeaning {
  readonly code: BybitAdapterErrorCode
  readonly retryable: boolean
}

const REFUSED: RetCodeMeaning = { code: 'REFUSED', retryable: false }
const TRANSIENT: RetCodeMeaning = { code: 'REFUSED', retryable: true }
const CLOCK_SKEW: RetCodeMeaning = { code: 'CLOCK_SKEW', retryable: true }
const RATE_LIMITED: RetCodeMeaning = { code: 'RATE_LIMITED', retryable: true }

/** Codes that are not listed are refusals which a retry does not change. */
const MEANINGS: ReadonlyMap<number, RetCodeMeaning> = new Map([
  // The request's time is too old, or the clock behind it is wrong.
  [-1, CLOCK_SKEW],
  [10002, CLOCK_SKEW],
  // Timeouts and restarts of the exchange.
  [10000, TRANSIENT],
  [10016, TRANSIENT],
  [10019, TRANSIENT],
  // The same of what is behind its gateway: an error there, no answer from there, no way there.
  [170001, TRANSIENT],
  [170007, TRANSIENT],
  [170032, TRANSIENT],
  [500000, TRANSIENT],
  // Too many requests: to this endpoint, of all users, from this address.
  [10006, RATE_LIMITED],
  [429, RATE_LIMITED],
  [10429, RATE_LIMITED],
  [20003, RATE_LIMITED],
  [170005, RATE_LIMITED],
  [10403, RATE_LIMITED],
  [10018, { code: 'IP_BANNED', retryable: true }],
  // The key, or what it may do.
  [10003, final('API_KEY_INVALID')],
  [33004, final('API_KEY_EXPIRED')],
  [-2015, final('API_KEY_EXPIRED')],
  [10004, final('SIGNATURE_INVALID')],
  [10005, final('PERMISSION_DENIED')],
  [10010, final('IP_NOT_ALLOWED')],
  [10007, final('AUTH_REFUSED')],
  // The account.
  [10008, final('ACCOUNT_RESTRICTED')],
  [10009, final('ACCOUNT_RESTRICTED')],
  [10024, final('ACCOUNT_RESTRICTED')],
  [10027, final('ACCOUNT_RESTRICTED')],
  [10028, final('ACCOUNT_MODE')],
  [100028, final('ACCOUNT_MODE')],
  [181014, final('ACCOUNT_MODE')],
])

/** The meaning of a `retCode` other than 0. */
export function retCodeMeaning(retCode: number): RetCodeMeaning {
  return MEANINGS.get(retCode) ?? REFUSED
}

function final(code: BybitAdapterErrorCode): RetCodeMeaning {
  return { code, retryable: false }
}
