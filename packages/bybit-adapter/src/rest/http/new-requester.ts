import { systemClock } from '@grid/core-events'
import type { RestAuth } from '../../auth/rest-auth.ts'
import { BybitAdapterError } from '../../errors.ts'
import { sharedRateLimiter } from '../../rate-limit/rate-limiter.ts'
import type { RestClientOptions } from '../rest-client.ts'
import { Requester } from './requester.ts'

const DEFAULT_MAX_BODY_BYTES = 16 * 1024 * 1024

/** Makes what sends a client's requests; throws `INVALID_OPTION`. */
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

/** Throws `INVALID_OPTION` unless a number is whole and from 1. */
export function positiveInteger(option: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value
  throw new BybitAdapterError(
    'INVALID_OPTION',
    `${option} must be a whole number from 1, got ${value}`,
    { option },
  )
}
