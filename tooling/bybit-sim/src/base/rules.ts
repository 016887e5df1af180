import { SimError } from './errors.ts'

/** The exchange's limits and unevidenced behaviours, each with a switch. */
export interface ExchangeRules {
  /** A socket without any traffic for this long is cut; null for never. Milliseconds. */
  readonly idleCloseMs: number | null
  /** How often idle sockets are looked for. Milliseconds. */
  readonly idleScanMs: number
  /** New connections allowed in a window, null for no limit; one more is answered HTTP 403. */
  readonly maxConnects: number | null
  readonly connectWindowMs: number
  /** Characters of topics that one connection may subscribe to in its life. */
  readonly maxArgsLength: number
  /** The refusal past `maxArgsLength`; its real wording is not known. */
  readonly argsTooLongText: string
  /** The refusal of an unsubscribe of a topic that is not subscribed; null acknowledges it. */
  readonly unknownUnsubscribeText: string | null
  /** A peer that lets more than this wait unsent is dropped, after what waits has reached it. */
  readonly maxBufferedBytes: number
  /**
   * Whether an option socket lists unknown, repeated and surplus topics in `failTopics` and takes
   * the others; false acknowledges everything as success.
   */
  readonly optionNamesFailures: boolean
  /** Requests that an address may make in a window, null for no limit; more are answered 403. */
  readonly maxRequests: number | null
  readonly requestWindowMs: number
  /** How long an address is answered 403 after it made too many requests. */
  readonly requestFreezeMs: number
  /** Requests a second that an address may make to a path, e.g. `/v5/market/time`; more give 10006. */
  readonly restLimits: Readonly<Record<string, number>>
  /** Whether answers of limited paths carry the `X-Bapi-Limit` headers. */
  readonly restLimitHeaders: boolean
  /** How the private socket words its refusals. */
  readonly authTexts: AuthTexts
  /** Whether a connection is closed behind the refusal of its authentication. */
  readonly closeRefusedAuth: boolean
  /** Authenticated connections that an account may have at once; null for no limit. */
  readonly maxSessions: number | null
  /** Whether revoking a key closes the connections that it opened. */
  readonly closeRevoked: boolean
  /** How late executions and closed orders appear in REST. Milliseconds. */
  readonly historyLagMs: number
  /** How long REST tells of orders that ended without any fill. Milliseconds. */
  readonly unfilledOrdersMs: number
  /** The status of delisted instruments in `instruments-info`; null leaves them out. */
  readonly delistedStatus: string | null
  /** The coin whose options `instruments-info` tells of when none is named; null tells of all. */
  readonly optionBaseCoin: string | null
  /** How long after its day's end a file of the archive appears. */
  readonly archiveDelayMs: number
  /** Whether archive files have the newer layout, with a column for retail price improvement. */
  readonly archiveRpi: boolean
  /** The order of an archive file's rows. */
  readonly archiveNewestFirst: boolean
  /** A book that does not change is sent again after this long; null for never. */
  readonly bookRepeatMs: number | null
  /** Whether tickers and open interest tell one side as well, as they do since June 2026. */
  readonly singleSidedInterest: boolean
  /** Whether inverse perpetuals' tickers carry the keys of pre-listed contracts, empty. */
  readonly inversePreListingKeys: boolean
  /** Whether ticker deltas at times carry `""` for a key that had a value. */
  readonly emptyTickerValues: boolean
}

/** Refusals of the private socket; only the first two and `notAuthorized` are evidenced. */
export interface AuthTexts {
  /** `expires` is not ahead of the exchange's clock. */
  readonly expired: string
  /** No such key, or a revoked one. */
  readonly unknownKey: string
  readonly badParameters: string
  readonly badSignature: string
  readonly expiredKey: string
  /** The key is bound to other addresses. */
  readonly unboundAddress: string
  readonly tooManySessions: string
  /** A subscribe before authentication. */
  readonly notAuthorized: string
  /** The beginning of the refusal of a topic that the key may not read. */
  readonly notPermitted: string
}

/** What is documented, and a guess where nothing is. */
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
  optionBaseCoin: 'BTC',
  archiveDelayMs: 2 * 3_600_000,
  archiveRpi: true,
  archiveNewestFirst: false,
  bookRepeatMs: 3000,
  singleSidedInterest: true,
  inversePreListingKeys: false,
  emptyTickerValues: true,
}

/** Throws `SIM_BAD_INPUT` naming a rule that there is not, or one of another type than its default. */
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
