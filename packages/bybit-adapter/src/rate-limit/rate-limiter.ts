import { type Clock, nowMs, sleep, systemClock, untilAborted } from '@grid/core-events'
import { abortedError, BybitAdapterError } from '../errors.ts'
import { Pause } from '../time/pause.ts'
import { IP_BAN_MS, type LimitReport } from './limit-report.ts'
import { type RequestPriority, RequestWindow } from './request-window.ts'

/** Options of a {@link RateLimiter}. */
export interface RateLimiterOptions {
  /** Requests that an address may make in a window; default 600, as the exchange allows. */
  readonly ipLimit?: number
  /** Length of that window; default 5000 ms. */
  readonly ipWindowMs?: number
  /** The part of `ipLimit` that is used, because others may share the address; default 0.5. */
  readonly ipShare?: number
  /** Requests a second by an endpoint's path, until the exchange says otherwise; default none. */
  readonly endpointLimits?: Readonly<Record<string, number>>
  /** Requests a second for all other endpoints, until the exchange says otherwise; default 50. */
  readonly defaultEndpointLimit?: number
  /** The part of an endpoint's limit that is used; default 1. */
  readonly endpointShare?: number
  readonly clock?: Clock
  /** Even in [0, 1), for the jitter of pauses; default `Math.random`. */
  readonly random?: () => number
}

/** How to run one request. */
export interface RateLimitedRun {
  /** 0 goes first, 9 last; default 5. */
  readonly priority?: RequestPriority
  readonly signal?: AbortSignal
  /** Whose request it is: the exchange counts each account's requests to an endpoint separately. */
  readonly account?: string
  /** While the address is banned: fail with `IP_BANNED` (the default), or wait for the ban's end. */
  readonly onBan?: 'fail' | 'wait'
}

/** Tells the limiter what an answer said about limits; call it once for each answer. */
export type ReportLimits = (report: LimitReport) => void

/** What is known about an endpoint's limit, and the requests that count against it. */
interface Endpoint {
  readonly window: RequestWindow
  readonly pause: Pause
  /** Requests a second: as configured until the exchange says otherwise. */
  limit: number
}

const ENDPOINT_WINDOW_MS = 1000
/** Requests a second to an endpoint before its first answer has said what is allowed. */
const UNTRIED_LIMIT = 10
const PAUSE_MS = 1000
/** A reset time further away than this comes from clocks that disagree. */
const MAX_PAUSE_MS = 2 * PAUSE_MS

/**
 * Keeps a process's requests within the exchange's limits: one for its address, and one for each
 * endpoint. Requests that name an account count against that account's own limit of the endpoint.
 *
 * The exchange counts all its hosts together, so share one limiter among all clients. A limit holds in
 * every window of the exchange's own clock, however long requests take. Answers correct it:
 * `X-Bapi-Limit` sets an endpoint's limit, `X-Bapi-Limit-Status` shows what others on the same address
 * use, "too many visits" pauses the endpoint, and "access too frequent" stops everything for 10 minutes.
 *
 * Every wait runs on the injected clock, except for a few milliseconds inside the queue.
 *
 * @example
 * const limiter = new RateLimiter({ ipShare: 0.25 })
 * const client = new BybitRestClient({ limiter })
 */
export class RateLimiter {
  readonly #clock: Clock
  readonly #random: () => number
  readonly #endpointShare: number
  readonly #endpointLimits: ReadonlyMap<string, number>
  readonly #defaultEndpointLimit: number
  readonly #ip: RequestWindow
  readonly #ban: Pause
  readonly #endpoints = new Map<string, Endpoint>()

  constructor(options: RateLimiterOptions = {}) {
    this.#clock = options.clock ?? systemClock
    this.#random = options.random ?? Math.random
    this.#endpointShare = share('endpointShare', options.endpointShare ?? 1)
    this.#defaultEndpointLimit = positive(
      'defaultEndpointLimit',
      options.defaultEndpointLimit ?? 50,
    )
    const limits = Object.entries(options.endpointLimits ?? {})
    this.#endpointLimits = new Map(
      limits.map(([path, limit]) => [path, positive('endpointLimits', limit)]),
    )
    const ipLimit = positive('ipLimit', options.ipLimit ?? 600)
    const windowMs = positive('ipWindowMs', options.ipWindowMs ?? 5000)
    const used = part(ipLimit, share('ipShare', options.ipShare ?? 0.5))
    this.#ip = new RequestWindow(used, windowMs, this.#clock)
    this.#ban = new Pause(this.#clock)
  }

  /** Until when the address is banned, in epoch milliseconds; null when it is not. */
  get bannedUntilMs(): number | null {
    return this.#ban.untilMs
  }

  /** How many requests a second an endpoint is given at the moment. */
  endpointLimit(endpoint: string, account?: string): number {
    return this.#endpoint(endpoint, account).window.limit
  }

  /**
   * Runs a request once both the endpoint and the address have room.
   *
   * Throws `ABORTED` when the signal aborts before the request is sent, `IP_BANNED` with
   * `retryAtMs` while the address is banned, and whatever the request throws.
   *
   * @example
   * await limiter.run('/v5/market/time', async (report) => {
   *   const response = await fetch(url)
   *   report(limitReport(response.headers))
   * })
   */
  async run<Result>(
    endpoint: string,
    request: (report: ReportLimits) => Promise<Result>,
    { priority = 5, signal, account, onBan = 'fail' }: RateLimitedRun = {},
  ): Promise<Result> {
    const waits = onBan === 'wait'
    this.#check(endpoint, signal, waits)
    const entry = this.#endpoint(endpoint, account)
    const checked = (): void => this.#check(endpoint, signal, waits)
    const queued = entry.window.run(priority, async (place) => {
      const sent = { result: null as Promise<Result> | null }
      try {
        while (sent.result === null) {
          // A request that pauses must not hold one of the address's places, which all endpoints share.
          while (await this.#paused(entry, signal, waits)) checked()
          await this.#ip.run(priority, async (ipPlace) => {
            // A pause may have begun meanwhile.
            if (this.#pauseOf(entry, waits) === 0 && this.#isAllowed(signal, waits)) {
              sent.result = request((report) => this.#observe(entry, place.countedByNow(), report))
              await sent.result
            } else {
              ipPlace.unused()
            }
          })
          if (sent.result === null) checked()
        }
        return await sent.result
      } finally {
        if (sent.result === null) place.unused()
      }
    })
    // After an abort its turn still comes, and sends nothing.
    return await untilAborted(queued, signal, (reason) => abortedError(reason, endpoint))
  }

  /** Waits for the end of a pause; tells whether there was one. */
  async #paused(
    entry: Endpoint,
    signal: AbortSignal | undefined,
    waits: boolean,
  ): Promise<boolean> {
    const waitMs = this.#pauseOf(entry, waits)
    if (waitMs === 0 || signal?.aborted) return false
    await sleep(this.#clock, waitMs, signal)
    return true
  }

  #pauseOf(entry: Endpoint, waits: boolean): number {
    return Math.max(entry.pause.remainingMs, waits ? this.#ban.remainingMs : 0)
  }

  #isAllowed(signal: AbortSignal | undefined, waits: boolean): boolean {
    return !signal?.aborted && (waits || this.#ban.untilMs === null)
  }

  #check(endpoint: string, signal: AbortSignal | undefined, waits: boolean): void {
    if (signal?.aborted) throw abortedError(signal.reason, endpoint)
    const retryAtMs = this.#ban.untilMs
    if (retryAtMs === null || waits) return
    const until = new Date(retryAtMs).toISOString()
    const message = `the exchange has banned this address: nothing is sent before ${until}`
    throw new BybitAdapterError('IP_BANNED', message, { endpoint, retryable: true, retryAtMs })
  }

  #observe(entry: Endpoint, countedOurs: number, report: LimitReport): void {
    if (report.isIpBan) this.#ban.extend(IP_BAN_MS)
    if (report.isLimited) entry.pause.extend(this.#pauseMs(report))
    if (report.limit !== null) entry.limit = report.limit
    const others =
      report.limit === null || report.remaining === null
        ? 0
        : Math.max(0, report.limit - report.remaining - countedOurs)
    entry.window.resize(Math.max(1, part(entry.limit, this.#endpointShare) - others))
  }

  #pauseMs({ resetAtMs }: LimitReport): number {
    const reset = resetAtMs === null ? 0 : resetAtMs - nowMs(this.#clock)
    if (reset > 0 && reset <= MAX_PAUSE_MS) return reset
    return PAUSE_MS + this.#random() * PAUSE_MS
  }

  #endpoint(path: string, account: string | undefined): Endpoint {
    const key = account === undefined ? path : `${account} ${path}`
    let endpoint = this.#endpoints.get(key)
    if (endpoint === undefined) {
      const configured = this.#endpointLimits.get(path)
      const limit = configured ?? this.#defaultEndpointLimit
      const first = part(configured ?? Math.min(limit, UNTRIED_LIMIT), this.#endpointShare)
      const window = new RequestWindow(first, ENDPOINT_WINDOW_MS, this.#clock)
      endpoint = { window, pause: new Pause(this.#clock), limit }
      this.#endpoints.set(key, endpoint)
    }
    return endpoint
  }
}

/** The limiter of all clients of this process that are given no other. */
export const sharedRateLimiter: RateLimiter = new RateLimiter()

function part(limit: number, used: number): number {
  return Math.max(1, Math.floor(limit * used))
}

function positive(option: string, value: number): number {
  if (Number.isFinite(value) && value >= 1) return value
  throw new BybitAdapterError('INVALID_OPTION', `${option} must be 1 or more, got ${value}`, {
    option,
  })
}

function share(option: string, value: number): number {
  if (value > 0 && value <= 1) return value
  const message = `${option} must be above 0 and at most 1, got ${value}`
  throw new BybitAdapterError('INVALID_OPTION', message, { option })
}
