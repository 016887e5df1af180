import type { Category } from './channel.ts'
import type { PrivateChannel, PublicChannel } from './event.ts'

/** One channel of one symbol in one category. */
export interface MarketStream {
  readonly category: Category
  readonly channel: PublicChannel
  /** The symbol; for option trades the base coin, by which the exchange publishes them. */
  readonly symbol: string
  /**
   * Distinguishes streams of one channel and symbol: a candle's interval (`1`, `D`), a book's depth
   * (`50`). Left out for channels that have none.
   */
  readonly variant?: string
}

/** One channel of one account, in all categories. */
export interface AccountStream {
  /** Our id of the account, a UUID in lower case. */
  readonly accountId: string
  readonly channel: PrivateChannel
}

/** One stream of events: the unit that is captured, has gaps and is repaired. */
export type Stream = MarketStream | AccountStream

/**
 * Takes only the stream's own fields from an object that names a stream, such as a gap.
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
 * The identity of a stream as text, equal only for the same stream.
 *
 * @example
 * streamKey({ category: 'linear', channel: 'publicTrade', symbol: 'BTCUSDT' }) // 'publicTrade|linear|BTCUSDT'
 */
export function streamKey(named: Stream): string {
  if ('accountId' in named) return `${named.channel}|${named.accountId}`
  const { category, channel, symbol, variant } = named
  return `${channel}|${category}|${symbol}${variant === undefined ? '' : `|${variant}`}`
}
