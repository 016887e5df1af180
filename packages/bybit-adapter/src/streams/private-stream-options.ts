import { type Clock, isAccountId, PRIVATE_CHANNELS, type PrivateChannel } from '@grid/core-events'
import type { Credentials } from '../auth/credentials.ts'
import type { ServerClock } from '../auth/server-clock.ts'
import type { WantedTopic } from '../channels/topics.ts'
import type { Environment } from '../endpoints.ts'
import { BybitAdapterError } from '../errors.ts'
import type { PrivateFilter } from '../normalizer/private-filter.ts'
import type { RateLimiter } from '../rate-limit/rate-limiter.ts'
import type { ConnectionBudget } from '../ws/connection/connection-budget.ts'
import type { PrivateStreamTimings } from '../ws/stream/stream-timings.ts'

/** Options of a private stream. */
export interface PrivateStreamOptions {
  /** Default `mainnet`. A key belongs to one environment. */
  readonly environment?: Environment | undefined
  /** A base such as `ws://127.0.0.1:9001`, to which the V5 path is appended; needs `restUrl`. */
  readonly wsUrl?: string | undefined
  /** A base such as `http://127.0.0.1:9002`, for the exchange's time and the key's state; needs `wsUrl`. */
  readonly restUrl?: string | undefined
  readonly credentials: Credentials
  /** Our id of the account, a UUID in lower case: all its events carry it. */
  readonly accountId: string
  /** Default all. */
  readonly channels?: readonly PrivateChannel[] | undefined
  /** Which events to keep; default all. */
  readonly filter?: PrivateFilter | undefined
  readonly clock?: Clock | undefined
  /** Default: one budget shared by all streams of the process. */
  readonly budget?: ConnectionBudget | undefined
  /** Default: one limiter shared by all REST clients of the process. */
  readonly limiter?: RateLimiter | undefined
  /** Default: one a host, shared by all clients and streams of the process. */
  readonly serverClock?: ServerClock | undefined
  readonly timings?: Partial<PrivateStreamTimings> | undefined
  /** Evenly drawn from [0, 1), for the jitter of reconnects; default `Math.random`. */
  readonly random?: (() => number) | undefined
  /** A larger frame becomes a dead letter and ends the connection; default 16 MiB. */
  readonly maxPayloadBytes?: number | undefined
}

/**
 * The topics of the wanted channels, each for all categories; throws `INVALID_OPTION`.
 *
 * `dcp.*` is never among them: a subscription to it makes the exchange cancel the account's orders
 * when the connection breaks.
 */
export function privateTopics(
  channels: readonly PrivateChannel[] = PRIVATE_CHANNELS,
): readonly WantedTopic<PrivateChannel>[] {
  const bad = channels.find((channel) => !PRIVATE_CHANNELS.includes(channel))
  if (channels.length === 0 || bad !== undefined) {
    const known = PRIVATE_CHANNELS.join(', ')
    throw invalid('channels', `must be some of ${known}, got ${bad ?? 'none'}`)
  }
  return [...new Set(channels)].map((channel) => ({
    topic: channel,
    channel,
    symbol: '',
    // Silence is normal here.
    proof: 'ack',
  }))
}

/** Throws `INVALID_OPTION` for a bad account id, and for addresses that belong to different exchanges. */
export function checkPlaces({ accountId, restUrl, wsUrl }: PrivateStreamOptions): void {
  if (!isAccountId(accountId)) {
    throw invalid('accountId', `must be a UUID in lower case, got ${JSON.stringify(accountId)}`)
  }
  if ((wsUrl === undefined) === (restUrl === undefined)) return
  const [option, other] = wsUrl === undefined ? ['wsUrl', 'restUrl'] : ['restUrl', 'wsUrl']
  throw invalid(option, `must be given with ${other}: a key must not reach another exchange`)
}

function invalid(option: string, fault: string): BybitAdapterError {
  return new BybitAdapterError('INVALID_OPTION', `${option} ${fault}`, { option })
}
