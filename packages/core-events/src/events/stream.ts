import type { Category } from './channel.ts'
import type { PrivateChannel, PublicChannel } from './event.ts'

/** One channel of one symbol in one category. */
export interface MarketStream {
  readonly category: Category
  readonly channel: PublicChannel
  /** The symbol; of option trades, which come by base coin, the base coin. */
  readonly symbol: string
  /**
   * What tells two streams of one channel and symbol apart: a candle's interval (`1`, `D`), a book's
   * depth (`50`). Left out where a channel has none.
   */
  readonly variant?: string
}

/** One channel of one account, in all its categories. */
export interface AccountStream {
  /** Our id of the account, a UUID in lower case. */
  readonly accountId: string
  readonly channel: PrivateChannel
}

/** One stream of events: what is captured, missed and repaired as one. */
export type Stream = MarketStream | AccountStream

/**
 * The stream of something that names it, and nothing else of it.
 *
 * @example
 * streamOf(gap) // { category: 'linear', channel: 'publicTrade', symbol: 'BTCUSDT' }
 */
export function streamOf(named: MarketStream): MarketStream
export function streamOf(named: AccountStream): AccountStream
export function streamOf(named: Stream): Stream
export function streamOf(named: Stream): Stream {
  if ('accountId' in named) return { accountId: named.accountId, channel: named.channel }
  const { category, channel, symbol, variant } = named
  return { category, channel, symbol, ...(variant !== undefined && { variant }) }
}

/**
 * The identity of a stream as text: equal for two names of one stream, and different for all else.
 *
 * @example
 * streamKey({ category: 'linear', channel: 'publicTrade', symbol: 'BTCUSDT' }) // 'publicTrade|linear|BTCUSDT'
 */
export function streamKey(named: Stream): string {
  if ('accountId' in named) return `${named.channel}|${named.accountId}`
  const { category, channel, symbol, variant } = named
  return `${channel}|${category}|${symbol}${variant === undefined ? '' : `|${variant}`}`
}
