import { CHANNELS, type Channel, type Clock, isSymbol } from '@grid/core-events'
import { categoryDialect, type PublicCategory } from '../category-dialect.ts'
import type { WantedTopic } from '../channels/registry.ts'
import { topicsOf } from '../channels/registry.ts'
import { BybitAdapterError } from '../errors.ts'
import type { ConnectionBudget } from './connection-budget.ts'
import type { Environment } from './endpoints.ts'
import type { StreamTimings } from './stream-timings.ts'

/** Options of a public stream. */
export interface PublicStreamOptions {
  /** Default `mainnet`. */
  readonly environment?: Environment | undefined
  /** A base such as `ws://127.0.0.1:9001`, to which the V5 path is appended; wins over `environment`. */
  readonly wsUrl?: string | undefined
  readonly category: PublicCategory
  readonly symbols: readonly string[]
  readonly channels: readonly Channel[]
  readonly clock?: Clock | undefined
  /** Default: one budget shared by all streams of the process. */
  readonly budget?: ConnectionBudget | undefined
  readonly timings?: Partial<StreamTimings> | undefined
  /** Even in [0, 1), for the jitter of reconnects; default `Math.random`. */
  readonly random?: (() => number) | undefined
  /** Larger frames cost the connection and become a dead letter; default 16 MiB. */
  readonly maxPayloadBytes?: number | undefined
}

/**
 * The topics that a stream's options ask for, each once.
 *
 * Throws `INVALID_OPTION` when they are none, cannot be named, or do not fit one connection.
 */
export function wantedTopics(options: PublicStreamOptions): readonly WantedTopic[] {
  const { category, symbols, channels } = options
  const { maxTopicChars } = categoryDialect(category)
  const badChannel = channels.find((channel) => !CHANNELS.includes(channel))
  if (channels.length === 0 || badChannel !== undefined) {
    throw invalid('channels', `must be some of ${CHANNELS.join(', ')}, got ${badChannel ?? 'none'}`)
  }
  const badSymbol = symbols.find((symbol) => !isSymbol(symbol))
  if (symbols.length === 0 || badSymbol !== undefined) {
    const got = badSymbol === undefined ? 'none' : JSON.stringify(badSymbol)
    throw invalid('symbols', `must be names such as BTCUSDT, got ${got}`)
  }
  const topics = [...new Set(symbols)].flatMap((symbol) =>
    [...new Set(channels)].flatMap((channel) => topicsOf(category, channel, symbol)),
  )
  const chars = topics.reduce((sum, { topic }) => sum + topic.length, 0)
  if (chars > maxTopicChars) {
    throw invalid(
      'symbols',
      `make ${chars} characters of topics, a connection takes ${maxTopicChars}: use several streams`,
    )
  }
  return topics
}

function invalid(option: string, fault: string): BybitAdapterError {
  return new BybitAdapterError('INVALID_OPTION', `${option} ${fault}`, { option })
}
