import type { Clock } from '@grid/core-events'
import type { ExchangeRules } from '../base/rules.ts'
import { RateWindow } from './rate-window.ts'

const ENDPOINT_WINDOW_MS = 1000

/** The requests so far, so that a test can assert that a client respects every limit. */
export interface RestStats {
  readonly requests: number
  /** By client address; `highest` is the most requests in any window of the IP limit (5 s). */
  readonly addresses: readonly {
    readonly address: string
    readonly requests: number
    readonly highest: number
    /** Requests answered with HTTP 403. */
    readonly refusals: number
  }[]
  /**
   * By path; `highest` is the most requests in any window of 1 s, of one address or, for signed
   * endpoints, of one account.
   */
  readonly endpoints: readonly {
    readonly path: string
    readonly requests: number
    readonly highest: number
    /** Requests answered with 10006. */
    readonly refusals: number
    /** Requests allowed in a second; null when the path has no limit of its own. */
    readonly limit: number | null
  }[]
}

/** The decision of an endpoint's limit about one request. */
export interface Verdict {
  readonly isLimited: boolean
  readonly headers: Readonly<Record<string, string>>
}

interface AddressCount {
  readonly window: RateWindow
  requests: number
  refusals: number
  frozenUntilUs: number
}

interface EndpointCount {
  readonly arrivals: Map<string, RateWindow>
  readonly admitted: Map<string, RateWindow>
  requests: number
  refusals: number
  limit: number | null
}

/** Enforces the limits of REST, one for each address and one for each endpoint, and counts requests. */
export class RestLimits {
  readonly #clock: Clock
  readonly #serverClock: Clock
  readonly #rules: ExchangeRules
  readonly #addresses = new Map<string, AddressCount>()
  readonly #endpoints = new Map<string, EndpointCount>()

  constructor(clock: Clock, serverClock: Clock, rules: ExchangeRules) {
    this.#clock = clock
    this.#serverClock = serverClock
    this.#rules = rules
  }

  /** Counts a request of an address; gives whether the address is frozen, now or already. */
  freezes(address: string): boolean {
    return this.#isFrozen(this.#addressCount(address), this.#clock.nowUs())
  }

  /**
   * Counts a request to an endpoint and decides whether it is over the limit. `who` is the address or
   * the account; `byDefault` is the limit when the rules have none for the path.
   */
  admit(who: string, path: string, byDefault: number | null = null): Verdict {
    const now = this.#clock.nowUs()
    const endpoint = this.#endpointCount(path)
    endpoint.requests++
    windowOf(endpoint.arrivals, who).add(now)
    const limit = this.#rules.restLimits[path] ?? byDefault
    endpoint.limit = limit
    if (limit === null) return { isLimited: false, headers: {} }
    const admitted = windowOf(endpoint.admitted, who)
    const isLimited = admitted.count(now) >= limit
    if (isLimited) endpoint.refusals++
    else admitted.add(now)
    const headers = this.#headers(limit, limit - admitted.count(now), isLimited)
    return { isLimited, headers }
  }

  stats(): RestStats {
    const addresses = [...this.#addresses].map(([address, count]) => ({
      address,
      requests: count.requests,
      highest: count.window.highest,
      refusals: count.refusals,
    }))
    const endpoints = [...this.#endpoints].map(([path, count]) => ({
      path,
      requests: count.requests,
      highest: Math.max(...[...count.arrivals.values()].map((window) => window.highest)),
      refusals: count.refusals,
      limit: count.limit,
    }))
    return {
      requests: addresses.reduce((sum, { requests }) => sum + requests, 0),
      addresses,
      endpoints,
    }
  }

  #isFrozen(count: AddressCount, now: number): boolean {
    const { maxRequests, requestFreezeMs } = this.#rules
    count.requests++
    const inWindow = count.window.add(now)
    const isOver = maxRequests !== null && inWindow > maxRequests
    if (isOver && now >= count.frozenUntilUs) count.frozenUntilUs = now + requestFreezeMs * 1000
    const isFrozen = now < count.frozenUntilUs
    if (isFrozen) count.refusals++
    return isFrozen
  }

  #headers(limit: number, left: number, isLimited: boolean): Record<string, string> {
    if (!this.#rules.restLimitHeaders) return {}
    const now = Math.floor(this.#serverClock.nowUs() / 1000)
    return {
      'X-Bapi-Limit': String(limit),
      'X-Bapi-Limit-Status': String(left),
      'X-Bapi-Limit-Reset-Timestamp': String(isLimited ? now + ENDPOINT_WINDOW_MS : now),
    }
  }

  #addressCount(address: string): AddressCount {
    let count = this.#addresses.get(address)
    if (count === undefined) {
      const window = new RateWindow(this.#rules.requestWindowMs)
      count = { window, requests: 0, refusals: 0, frozenUntilUs: 0 }
      this.#addresses.set(address, count)
    }
    return count
  }

  #endpointCount(path: string): EndpointCount {
    let count = this.#endpoints.get(path)
    if (count === undefined) {
      count = { arrivals: new Map(), admitted: new Map(), requests: 0, refusals: 0, limit: null }
      this.#endpoints.set(path, count)
    }
    return count
  }
}

function windowOf(windows: Map<string, RateWindow>, address: string): RateWindow {
  let window = windows.get(address)
  if (window === undefined) {
    window = new RateWindow(ENDPOINT_WINDOW_MS)
    windows.set(address, window)
  }
  return window
}
