import { type Clock, systemClock } from '@grid/core-events'
import type { RestAuth } from '../../auth/rest-auth.ts'
import type { Environment } from '../../endpoints.ts'
import { BybitAdapterError } from '../../errors.ts'
import { type RateLimiter, sharedRateLimiter } from '../../rate-limit/rate-limiter.ts'
import { Requester } from './requester.ts'

/** Options of a REST client. */
export interface RestClientOptions {
  /** Default `mainnet`. */
  readonly environment?: Environment | undefined
  /** A base such as `http://127.0.0.1:9002`, to which the V5 path is appended; wins over `environment`. */
  readonly restUrl?: string | undefined
  /** How long an attempt may take, from sending it to the last byte; default 10,000 ms. */
  readonly timeoutMs?: number | undefined
  /** How often a call is tried while its error is retryable; default 4. */
  readonly maxAttempts?: number | undefined
  /** Larger answers are refused; default 16 MiB. */
  readonly maxBodyBytes?: number | undefined
  /** While the address is banned: fail with `IP_BANNED` (the default), or wait for the ban's end. */
  readonly onBan?: 'fail' | 'wait' | undefined
  /** Default: one limiter shared by all clients of the process. */
  readonly limiter?: RateLimiter | undefined
  readonly clock?: Clock | undefined
  readonly userAgent?: string | undefined
  /** Evenly drawn from [0, 1), for the jitter of retries; default `Math.random`. */
  readonly random?: (() => number) | undefined
}

const DEFAULT_MAX_BODY_BYTES = 16 * 1024 * 1024

/** Makes the requester of a client; throws `INVALID_OPTION`. */
export function newRequester(base: string, options: RestClientOptions, auth?: RestAuth): Requester {
  return new Requester({
    base,
    auth,
    limiter: options.limiter ?? sharedRateLimiter,
    clock: options.clock ?? systemClock,
    timeoutMs: positiveInteger('timeoutMs', options.timeoutMs ?? 10_000),
    maxAttempts: positiveInteger('maxAttempts', options.maxAttempts ?? 4),
    maxBodyBytes: positiveInteger('maxBodyBytes', options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES),
    onBan: options.onBan ?? 'fail',
    userAgent: options.userAgent ?? '@grid/bybit-adapter',
    random: options.random ?? Math.random,
  })
}

/** Checks an option that is a whole number from 1; throws `INVALID_OPTION`. */
export function positiveInteger(option: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value
  throw new BybitAdapterError(
    'INVALID_OPTION',
    `${option} must be a whole number from 1, got ${value}`,
    { option },
  )
}
