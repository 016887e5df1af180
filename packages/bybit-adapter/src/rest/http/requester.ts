import { type Clock, sleep } from '@grid/core-events'
import type { RestAuth } from '../../auth/rest-auth.ts'
import { BybitAdapterError } from '../../errors.ts'
import type { RestCallOptions } from '../../rate-limit/call-options.ts'
import { limitReport } from '../../rate-limit/limit-report.ts'
import type { RateLimiter, ReportLimits } from '../../rate-limit/rate-limiter.ts'
import { Deadline } from '../../time/deadline.ts'
import { Backoff } from '../../ws/backoff.ts'
import { httpGet } from './http-answer.ts'
import { type Reply, readReply } from './reply.ts'

/** How requests are made. */
export interface RequesterSettings {
  readonly base: string
  readonly limiter: RateLimiter
  readonly clock: Clock
  readonly timeoutMs: number
  readonly maxAttempts: number
  readonly maxBodyBytes: number
  readonly onBan: 'fail' | 'wait'
  readonly userAgent: string
  readonly random: () => number
  /** Signs requests; absent for public data. */
  readonly auth?: RestAuth | undefined
}

/** A reply with the time at which its request was sent, in epoch microseconds. */
export interface TimedReply extends Reply {
  readonly sentUs: number
}

const BACKOFF_BASE_MS = 500
const BACKOFF_CAP_MS = 10_000

/** Sends requests inside the limits, and again when that can help. */
export class Requester {
  readonly #settings: RequesterSettings

  constructor(settings: RequesterSettings) {
    this.#settings = settings
  }

  /** Gets an endpoint; `query` is sent as it stands. */
  async get(endpoint: string, query: string, options: RestCallOptions): Promise<TimedReply> {
    const { auth, clock, limiter, maxAttempts, onBan, random } = this.#settings
    const { signal, priority } = options
    const backoff = new Backoff(BACKOFF_BASE_MS, BACKOFF_CAP_MS, random)
    for (let attempt = 1; ; attempt++) {
      try {
        await auth?.ready(signal)
        return await limiter.run(
          endpoint,
          (report) => this.#send(endpoint, query, signal, report),
          {
            onBan,
            ...(signal && { signal }),
            ...(priority !== undefined && { priority }),
            ...(auth !== undefined && { account: auth.account }),
          },
        )
      } catch (error) {
        if (attempt >= maxAttempts || !this.#mayRepeat(error)) throw error
        await sleep(clock, backoff.next(), signal)
      }
    }
  }

  #mayRepeat(error: unknown): boolean {
    if (!(error instanceof BybitAdapterError) || !error.retryable) return false
    return error.code !== 'IP_BANNED' || this.#settings.onBan === 'wait'
  }

  async #send(
    endpoint: string,
    query: string,
    signal: AbortSignal | undefined,
    report: ReportLimits,
  ): Promise<TimedReply> {
    const { auth, base, clock, maxBodyBytes, timeoutMs, userAgent } = this.#settings
    using deadline = new Deadline(endpoint, clock, timeoutMs, signal)
    const url = new URL(`${base}${endpoint}${query === '' ? '' : `?${query}`}`)
    // What is sent is signed: a URL escapes characters that a query may hold as they are.
    const signed = auth?.headers(url.search.slice(1)) ?? {}
    const headers = { accept: 'application/json', 'user-agent': userAgent, ...signed }
    const sentUs = clock.nowUs()
    const answer = await httpGet(url.href, endpoint, headers, maxBodyBytes, deadline)
    try {
      const reply = readReply(
        endpoint,
        answer,
        clock.nowUs(),
        auth && ((text) => auth.redact(text, signed)),
      )
      report(limitReport(answer.headers))
      return { ...reply, sentUs }
    } catch (error) {
      const { code } = error as BybitAdapterError
      if (code === 'CLOCK_SKEW') auth?.doubtClock()
      const refusal = { isLimited: code === 'RATE_LIMITED', isIpBan: code === 'IP_BANNED' }
      report(limitReport(answer.headers, refusal))
      throw error
    }
  }
}
