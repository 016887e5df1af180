import type { Gap, PrivateGap } from '@grid/core-events'

/** A stream: one channel of one symbol in one category, or of one account in all. */
export type StreamName =
  | Pick<Gap, 'category' | 'channel' | 'symbol'>
  | Pick<PrivateGap, 'accountId' | 'channel'>

/** The stream of something that names it, and nothing else. */
export function streamOf(named: StreamName): StreamName {
  const { channel } = named
  if ('accountId' in named) return { accountId: named.accountId, channel: named.channel }
  return { category: named.category, channel, symbol: named.symbol } as StreamName
}

/** A text for each stream. */
export function streamKey(named: StreamName): string {
  if ('accountId' in named) return `${named.channel} ${named.accountId}`
  return `${named.channel} ${named.category} ${named.symbol}`
}
