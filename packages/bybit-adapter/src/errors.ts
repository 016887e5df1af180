/** Stable codes of every error that this package throws. */
export type BybitAdapterErrorCode =
  | 'ABORTED'
  | 'ALREADY_STARTED'
  | 'INVALID_OPTION'
  | 'TIMEOUT'
  | 'NETWORK'
  | 'HTTP_STATUS'
  | 'RATE_LIMITED'
  | 'IP_BANNED'
  | 'REFUSED'
  | 'CLOCK_SKEW'
  | 'API_KEY_INVALID'
  | 'API_KEY_EXPIRED'
  | 'SIGNATURE_INVALID'
  | 'PERMISSION_DENIED'
  | 'IP_NOT_ALLOWED'
  | 'AUTH_REFUSED'
  | 'ACCOUNT_RESTRICTED'
  | 'ACCOUNT_MODE'
  | 'RESPONSE_NOT_JSON'
  | 'RESPONSE_MALFORMED'
  | 'RESPONSE_TOO_LARGE'
  | 'ARCHIVE_NOT_PUBLISHED'
  | 'ARCHIVE_NO_FILE'
  | 'ARCHIVE_NOT_GZIP'
  | 'ARCHIVE_DAMAGED'
  | 'ARCHIVE_MALFORMED'
  | 'CHECKPOINT_UNREADABLE'

/** What is known about an error besides its code and its message. */
export interface BybitAdapterErrorContext {
  readonly cause?: unknown
  readonly retryable?: boolean
  readonly option?: string
  readonly endpoint?: string
  readonly httpStatus?: number
  readonly retCode?: number
  readonly retryAtMs?: number
}

/**
 * The only error class of this package; recognise it by `code`, never by `instanceof`.
 *
 * | code | meaning | retryable |
 * |---|---|---|
 * | `ABORTED` | a signal or `close` ended the call | no |
 * | `ALREADY_STARTED` | a stream starts only once; make a new one to start again | no |
 * | `INVALID_OPTION` | an option cannot work; `option` names it | no |
 * | `TIMEOUT` | the answer was not complete in time | yes |
 * | `NETWORK` | no connection, or it broke before the answer was complete | yes |
 * | `HTTP_STATUS` | an HTTP status that the exchange does not answer with; `httpStatus` | 408 and 5xx |
 * | `RATE_LIMITED` | too many requests (HTTP 429, retCode 429, 10006, 10403, 10429, 20003 or 170005) | yes |
 * | `IP_BANNED` | the address sent too many requests; nothing is sent before `retryAtMs` | yes, from then on |
 * | `REFUSED` | the exchange's own refusal; `retCode` says which | by `retCode` |
 * | `CLOCK_SKEW` | the request's time is outside the exchange's window (retCode 10002 or −1) | yes |
 * | `API_KEY_INVALID` | no such key in this environment: wrong, or deleted (10003) | no |
 * | `API_KEY_EXPIRED` | the key has expired (33004, −2015) | no |
 * | `SIGNATURE_INVALID` | the secret does not belong to the key (10004) | no |
 * | `PERMISSION_DENIED` | the key lacks the permission (10005) | no |
 * | `IP_NOT_ALLOWED` | the key is bound to other addresses (10010) | no |
 * | `AUTH_REFUSED` | refused without a reason (10007, HTTP 401) | no |
 * | `ACCOUNT_RESTRICTED` | the account is banned or restricted (10008, 10009, 10024, 10027) | no |
 * | `ACCOUNT_MODE` | not available to this kind of account (10028, 100028, 181014) | no |
 * | `RESPONSE_NOT_JSON` | a proxy's page instead of an answer | yes |
 * | `RESPONSE_MALFORMED` | JSON that is not the endpoint's answer | yes |
 * | `RESPONSE_TOO_LARGE` | the answer exceeds the limit | no |
 * | `ARCHIVE_NOT_PUBLISHED` | the day's file is not published yet | yes |
 * | `ARCHIVE_NO_FILE` | still no file 3 days later: no trades, or no such symbol | no |
 * | `ARCHIVE_NOT_GZIP` | a proxy's page instead of a file | yes |
 * | `ARCHIVE_DAMAGED` | the file ends early or is corrupt: fetch it again | yes |
 * | `ARCHIVE_MALFORMED` | the file has a layout that this version does not know | no |
 * | `CHECKPOINT_UNREADABLE` | the checkpoint is none that this version writes: read on from another | no |
 *
 * @example
 * await stream.start({ signal }).catch((error) => { if (error.code !== 'ABORTED') throw error })
 */
export class BybitAdapterError extends Error {
  override readonly name = 'BybitAdapterError'
  readonly code: BybitAdapterErrorCode
  /** Whether the same call may succeed later. */
  readonly retryable: boolean
  /** The option at fault; null if none is. */
  readonly option: string | null
  /** The REST path, e.g. `/v5/market/tickers`, or the file's address. */
  readonly endpoint: string | null
  readonly httpStatus: number | null
  /** The exchange's own code. */
  readonly retCode: number | null
  /** When to try again, in epoch milliseconds; null if that is not known. */
  readonly retryAtMs: number | null

  constructor(
    code: BybitAdapterErrorCode,
    message: string,
    context: BybitAdapterErrorContext = {},
  ) {
    super(message, 'cause' in context ? { cause: context.cause } : {})
    this.code = code
    this.retryable = context.retryable ?? false
    this.option = context.option ?? null
    this.endpoint = context.endpoint ?? null
    this.httpStatus = context.httpStatus ?? null
    this.retCode = context.retCode ?? null
    this.retryAtMs = context.retryAtMs ?? null
  }
}

/** The error of a call that its caller ended, by a signal's reason. */
export function abortedError(reason: unknown, endpoint?: string): BybitAdapterError {
  return new BybitAdapterError('ABORTED', 'the request was aborted', {
    cause: reason,
    ...(endpoint !== undefined && { endpoint }),
  })
}
