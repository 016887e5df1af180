/** The exchange's product families; a socket serves one of them. */
export const CATEGORIES = ['linear', 'inverse', 'spot', 'option'] as const
/** A product family of the exchange. */
export type Category = (typeof CATEGORIES)[number]

/** Where an event came from: the live socket, REST, or the daily archive. */
export const SOURCES = ['ws', 'rest', 'archive'] as const
/** Where an event came from. */
export type Source = (typeof SOURCES)[number]

/** An enumeration that also accepts texts other than the documented ones: the exchange adds values unannounced. */
export type OpenEnum<Known extends string> = Known | (string & {})

/** The fields of every event. */
export interface EventStamp {
  /** Exchange time in epoch milliseconds. */
  readonly exchangeTs: number
  /** Receive time in epoch microseconds, by our clock. */
  readonly localTsUs: number
  readonly source: Source
}

/** The fields of every event of an instrument. */
export interface EventBase extends EventStamp {
  /** The instrument's category: that of the socket or endpoint; private events carry it themselves. */
  readonly category: Category
  /** The exchange's instrument name, e.g. `BTCUSDT`. */
  readonly symbol: string
}

/** The fields of every event of an account. The database adds its user and its run. */
export interface AccountEventBase extends EventStamp {
  /** Our id of the account, a UUID in lower case; the exchange's messages do not name the account. */
  readonly accountId: string
}

const MAX_SYMBOL_LENGTH = 64
/** Printable ASCII without space and `|`. */
const PLAIN_NAME = /^[!-{}~]+$/
const UNSAFE_IN_NAMES = /[\s|\p{Cc}]/u

/**
 * Whether a value can be an instrument's name: 1 to 64 characters, none of them white space, a control
 * character or `|`.
 *
 * @example
 * isSymbol('BTC-26DEC25-120000-C-USDT') // true
 */
export function isSymbol(value: unknown): value is string {
  if (typeof value !== 'string') return false
  if (value.length === 0 || value.length > MAX_SYMBOL_LENGTH) return false
  // Nearly every name is plain ASCII, for which the first test takes a third of the time.
  return PLAIN_NAME.test(value) || (!UNSAFE_IN_NAMES.test(value) && value.isWellFormed())
}

const ACCOUNT_ID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/

/**
 * Whether a value is the id of an account: a UUID in lower case, as PostgreSQL writes it.
 *
 * @example
 * isAccountId('0b0e5c6e-6a0f-5d0e-9b3a-3f6f0a4b7c11') // true
 */
export function isAccountId(value: unknown): value is string {
  return typeof value === 'string' && ACCOUNT_ID.test(value)
}
