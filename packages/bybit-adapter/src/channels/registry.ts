import type { Channel } from '@grid/core-events'
import type { ChannelDialect } from './channel-mapper.ts'
import { publicTradeDialect } from './public-trade.ts'
import { tickerDialect } from './ticker.ts'

/** Every channel's dialect: the one place where a new channel is listed. */
export const CHANNEL_DIALECTS: { readonly [Name in Channel]: ChannelDialect } = {
  ticker: tickerDialect,
  publicTrade: publicTradeDialect,
}

/** The exchange's name for a subscription, e.g. `publicTrade.BTCUSDT`. */
export function topicOf(channel: Channel, symbol: string): string {
  return `${CHANNEL_DIALECTS[channel].topicPrefix}.${symbol}`
}
