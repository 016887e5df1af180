import { SimError } from './errors.ts'

/** The exchange's limits, and a switch for each behaviour that no recording shows. */
export interface ExchangeRules {
  /** A socket without traffic for this long is dropped; null for never. Milliseconds. */
  readonly idleCloseMs: number | null
  /** How often idle sockets are looked for. Milliseconds. */
  readonly idleScanMs: number
  /** New connections allowed in a window; null for no limit. One more gets HTTP 403. */
  readonly maxConnects: number | null
  readonly connectWindowMs: number
  /** Characters of topics that one connection may subscribe to during its whole life. */
  readonly maxArgsLength: number
  /** The refusal beyond `maxArgsLength`; its real wording is not known. */
  readonly argsTooLongText: string
  /** The refusal when a client unsubscribes from a topic it does not have; null acknowledges it. */
  readonly unknownUnsubscribeText: string | null
  /** A client with more unsent bytes than this is dropped, after those bytes have been written. */
  readonly maxBufferedBytes: number
  /**
   * Whether an option socket lists unknown, repeated and surplus topics in `failTopics` and accepts
   * the others; with false it acknowledges all topics as successful.
   */
  readonly optionNamesFailures: boolean
  /** Requests that an address may make in a window; null for no limit. More get HTTP 403. */
  readonly maxRequests: number | null
  readonly requestWindowMs: number
  /** How long an address gets HTTP 403 after it made too many requests. Milliseconds. */
  readonly requestFreezeMs: number
  /** Requests a second that an address may make to a path, e.g. `/v5/market/time`; more get 10006. */
  readonly restLimits: Readonly<Record<string, number>>
  /** Whether replies of paths with a limit carry the `X-Bapi-Limit` headers. */
  readonly restLimitHeaders: boolean
  /** The wording of the private socket's refusals. */
  readonly authTexts: AuthTexts
  /** Whether a connection is closed after its authentication was refused. */
  readonly closeRefusedAuth: boolean
  /** Authenticated connections that an account may have at once; null for no limit. */
  readonly maxSessions: number | null
  /** Whether revoking a key closes the connections that it opened. */
  readonly closeRevoked: boolean
  /** How late executions and closed orders appear in REST. Milliseconds. */
  readonly historyLagMs: number
  /** How long REST still lists orders that ended without a fill. Milliseconds. */
  readonly unfilledOrdersMs: number
  /** The status of delisted instruments in `instruments-info`; null leaves them out. */
  readonly delistedStatus: string | null
  /**
   * Whether `instruments-info` knows the status `PendingOpen`; a list without a status then also names
   * the instruments that have it.
   */
  readonly knowsPendingOpen: boolean
  /** The coin whose options `instruments-info` lists when the request names none; null lists all. */
  readonly optionBaseCoin: string | null
  /** How long after the end of its day an archive file appears. Milliseconds. */
  readonly archiveDelayMs: number
  /** Whether archive files have the newer layout, with a column for retail price improvement (RPI). */
  readonly archiveRpi: boolean
  /** Whether an archive file begins with the newest trade. */
  readonly archiveNewestFirst: boolean
  /** An unchanged book is sent again after this long; null for never. Milliseconds. */
  readonly bookRepeatMs: number | null
  /** Whether tickers and open interest also give one side's value, as they do since June 2026. */
  readonly singleSidedInterest: boolean
  /** Whether inverse perpetuals' tickers carry the keys of pre-listed contracts, with empty values. */
  readonly inversePreListingKeys: boolean
  /** Whether ticker deltas sometimes carry `""` for a key that had a value. */
  readonly emptyTickerValues: boolean
}

/** Refusals of the private socket; recordings show only the first two and `notAuthorized`. */
export interface AuthTexts {
  /** `expires` lies in the past by the exchange's clock. */
  readonly expired: string
  /** No such key, or a revoked one. */
  readonly unknownKey: string
  readonly badParameters: string
  readonly badSignature: string
  readonly expiredKey: string
  /** The key may only be used from other addresses. */
  readonly unboundAddress: string
  readonly tooManySessions: string
  /** A subscribe before authentication. */
  readonly notAuthorized: string
  /** How the refusal of a topic begins that the key may not read. */
  readonly notPermitted: string
}

/** The documented behaviour, or a guess where nothing is documented. */
export const DEFAULT_RULES: ExchangeRules = {
  idleCloseMs: 600_000,
  idleScanMs: 30_000,
  maxConnects: 500,
  connectWindowMs: 300_000,
  maxArgsLength: 21_000,
  argsTooLongText: 'error:args length exceeds limit',
  unknownUnsubscribeText: null,
  maxBufferedBytes: 256 * 1024 * 1024,
  optionNamesFailures: true,
  maxRequests: 600,
  requestWindowMs: 5000,
  requestFreezeMs: 600_000,
  restLimits: {},
  restLimitHeaders: true,
  authTexts: {
    expired: 'Params Error',
    unknownKey: 'Invalid apikey',
    badParameters: 'Params Error',
    badSignature: 'error sign!',
    expiredKey: 'Your api key has expired.',
    unboundAddress: "Unmatched IP, please check your API key's bound IP addresses.",
    tooManySessions: 'too many sessions under the same UID',
    notAuthorized: 'Request not authorized',
    notPermitted: 'error:permission denied',
  },
  closeRefusedAuth: false,
  maxSessions: null,
  closeRevoked: false,
  historyLagMs: 0,
  unfilledOrdersMs: 24 * 3_600_000,
  delistedStatus: 'Closed',
  knowsPendingOpen: true,
  optionBaseCoin: 'BTC',
  archiveDelayMs: 2 * 3_600_000,
  archiveRpi: true,
  archiveNewestFirst: false,
  bookRepeatMs: 3000,
  singleSidedInterest: true,
  inversePreListingKeys: false,
  emptyTickerValues: true,
}

/** Throws `SIM_BAD_INPUT` that names an unknown rule, or one whose type is not its default's. */
export function checkRules(rules: unknown): asserts rules is Partial<ExchangeRules> {
  if (typeof rules !== 'object' || rules === null || Array.isArray(rules)) {
    throw new SimError('SIM_BAD_INPUT', 'rules must be an object')
  }
  const known = new Map<string, unknown>(Object.entries(DEFAULT_RULES))
  for (const [name, value] of Object.entries(rules)) {
    if (!known.has(name)) throw new SimError('SIM_BAD_INPUT', `there is no rule "${name}"`)
    const usual = known.get(name)
    if (value === null || usual === null || typeof value === typeof usual) continue
    throw new SimError('SIM_BAD_INPUT', `rule "${name}" must be a ${typeof usual}`)
  }
}
