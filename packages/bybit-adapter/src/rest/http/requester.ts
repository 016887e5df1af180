import { type BackoffBounds, type Clock, retry } from '@grid/core-events'
import type { RestAuth } from '../../auth/rest-auth.ts'
import { siteHeaders } from '../../endpoints.ts'
import { abortedError, BybitAdapterError } from '../../errors.ts'
import type { RestCallOptions } from '../../rate-limit/call-options.ts'
import { limitReport } from '../../rate-limit/limit-report.ts'
import type { RateLimiter, ReportLimits } from '../../rate-limit/rate-limiter.ts'
import { Deadline } from '../../time/deadline.ts'
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

/** A reply, and when its request was sent in epoch microseconds. */
export interface TimedReply extends Reply {
  readonly sentUs: number
}

const BACKOFF: BackoffBounds = { baseMs: 500, capMs: 10_000 }

/** Sends requests within the limits, and again while their error is retryable. */
export class Requester {
  readonly #settings: RequesterSettings

  constructor(settings: RequesterSettings) {
    this.#settings = settings
  }

  /** Gets an endpoint; `query` is sent as given. */
  async get(endpoint: string, query: string, options: RestCallOptions): Promise<TimedReply> {
    const { clock, maxAttempts, random } = this.#settings
    const { signal } = options
    try {
      return await retry(() => this.#attempt(endpoint, query, options), {
        clock,
        backoff: BACKOFF,
        random,
        signal,
        isRetryable: (error, failures) => failures < maxAttempts && this.#mayRepeat(error),
      })
    } catch (error) {
      throw signal?.aborted ? abortedError(signal.reason, endpoint) : error
    }
  }

  async #attempt(
    endpoint: string,
    query: string,
    { signal, priority }: RestCallOptions,
  ): Promise<TimedReply> {
    const { auth, limiter, onBan } = this.#settings
    await auth?.ready(signal)
    return await limiter.run(endpoint, (report) => this.#send(endpoint, query, signal, report), {
      onBan,
      ...(signal && { signal }),
      ...(priority !== undefined && { priority }),
      ...(auth !== undefined && { account: auth.account }),
    })
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
    // The query is signed as it is sent: a URL escapes some characters that a query may hold.
    const signed = auth?.headers(url.search.slice(1)) ?? {}
    const headers = {
      accept: 'application/json',
      'user-agent': userAgent,
      ...siteHeaders(url.href),
      ...signed,
    }
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
