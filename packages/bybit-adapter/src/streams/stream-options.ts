import { type Clock, isSymbol, type PublicChannel } from '@grid/core-events'
import type { PublicCategory } from '../channels/dialect/category-dialect.ts'
import type { ChannelOptions } from '../channels/registry.ts'
import { CAPTURED_CHANNELS, type MarketTopic, topicsOf } from '../channels/topics.ts'
import type { Environment } from '../endpoints.ts'
import { BybitAdapterError } from '../errors.ts'
import type { ConnectionBudget } from '../ws/connection/connection-budget.ts'
import type { StreamTimings } from '../ws/stream/stream-timings.ts'

/** Options of a public stream. */
export interface PublicStreamOptions {
  /** Default `mainnet`. */
  readonly environment?: Environment | undefined
  /** A base such as `ws://127.0.0.1:9001`, used instead of the environment's; the V5 path is appended. */
  readonly wsUrl?: string | undefined
  readonly category: PublicCategory
  readonly symbols: readonly string[]
  readonly channels: readonly PublicChannel[]
  /** What to capture of channels that offer a choice, such as a candle's intervals; none does yet. */
  readonly channelOptions?: ChannelOptions | undefined
  readonly clock?: Clock | undefined
  /** Default: one budget shared by all streams of the process. */
  readonly budget?: ConnectionBudget | undefined
  readonly timings?: Partial<StreamTimings> | undefined
  /** Evenly drawn from [0, 1), for the jitter of reconnects; default `Math.random`. */
  readonly random?: (() => number) | undefined
  /** A larger frame becomes a dead letter and ends the connection; default 16 MiB. */
  readonly maxPayloadBytes?: number | undefined
}

/** Throws `INVALID_OPTION` unless known channels are named, at least one. */
export function checkChannels(channels: readonly PublicChannel[]): void {
  const bad = channels.find((channel) => !CAPTURED_CHANNELS.includes(channel))
  if (channels.length > 0 && bad === undefined) return
  throw invalid('channels', `must be some of ${CAPTURED_CHANNELS.join(', ')}, got ${bad ?? 'none'}`)
}

/** The topics of symbols, each once; throws `INVALID_OPTION` for what cannot be a symbol. */
export function wantedTopics(
  { category, channels, channelOptions }: PublicStreamOptions,
  symbols: readonly string[],
): readonly MarketTopic[] {
  const bad = symbols.find((symbol) => !isSymbol(symbol))
  if (bad !== undefined) {
    throw invalid('symbols', `must be names such as BTCUSDT, got ${JSON.stringify(bad)}`)
  }
  const topics = symbols.flatMap((symbol) =>
    channels.flatMap((channel) => topicsOf(category, channel, symbol, channelOptions)),
  )
  return [...new Map(topics.map((topic) => [topic.topic, topic])).values()]
}

function invalid(option: string, fault: string): BybitAdapterError {
  return new BybitAdapterError('INVALID_OPTION', `${option} ${fault}`, { option })
}
