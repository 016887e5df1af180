/** The exchange's product families; a socket serves one of them. */
export const CATEGORIES = ['linear', 'inverse', 'spot', 'option'] as const
/** A product family of the exchange. */
export type Category = (typeof CATEGORIES)[number]

/** How an event reached us: live socket, REST repair, or daily archive. */
export const SOURCES = ['ws', 'rest', 'archive'] as const
/** How an event reached us. */
export type Source = (typeof SOURCES)[number]

/** Values the exchange documents, open to those it will add without notice. */
export type OpenEnum<Known extends string> = Known | (string & {})

/** What every event carries. */
export interface EventStamp {
  /** Exchange time in epoch milliseconds. */
  readonly exchangeTs: number
  /** Receive time in epoch microseconds, stamped in the socket handler. */
  readonly localTsUs: number
  readonly source: Source
}

/** What every event of one instrument carries. */
export interface EventBase extends EventStamp {
  /** The category of the instrument: that of the socket or endpoint, of private events their own. */
  readonly category: Category
  /** The exchange's instrument name, e.g. `BTCUSDT`. */
  readonly symbol: string
}

/** What every event of an account carries. Its user and its run are known where it is stored. */
export interface AccountEventBase extends EventStamp {
  /** Our id of the account, a UUID in lower case; the exchange's own is not in its messages. */
  readonly accountId: string
}

const MAX_SYMBOL_LENGTH = 64
/** Printable ASCII without blank and `|`. */
const PLAIN_NAME = /^[!-{}~]+$/
const UNSAFE_IN_NAMES = /[\s|\p{Cc}]/u

/**
 * Whether a value can be an instrument's name: 1 to 64 characters, none of them blank, control or `|`.
 *
 * @example
 * isSymbol('BTC-26DEC25-120000-C-USDT') // true
 */
export function isSymbol(value: unknown): value is string {
  if (typeof value !== 'string') return false
  if (value.length === 0 || value.length > MAX_SYMBOL_LENGTH) return false
  // Nearly every name is plain, and tested so in a third of the time.
  return PLAIN_NAME.test(value) || (!UNSAFE_IN_NAMES.test(value) && value.isWellFormed())
}

const ACCOUNT_ID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/

/**
 * Whether a value is an account's id: a UUID in lower case, as PostgreSQL writes it.
 *
 * @example
 * isAccountId('0b0e5c6e-6a0f-5d0e-9b3a-3f6f0a4b7c11') // true
 */
export function isAccountId(value: unknown): value is string {
  return typeof value === 'string' && ACCOUNT_ID.test(value)
}
