import type { PublicChannel } from '@grid/core-events'
import { tickerDialect } from './ticker/ticker.ts'
import { publicTradeDialect } from './trade/public-trade.ts'

/** Every channel's dialect: the one place where a new channel is listed. */
export const CHANNEL_DIALECTS: {
  readonly ticker: typeof tickerDialect
  readonly publicTrade: typeof publicTradeDialect
} = {
  ticker: tickerDialect,
  publicTrade: publicTradeDialect,
}

/** What may be chosen of each channel: a candle's intervals, a book's depths. No channel has any yet. */
export type ChannelOptions = {
  readonly [Name in PublicChannel]?: Parameters<(typeof CHANNEL_DIALECTS)[Name]['topicKinds']>[1]
}
