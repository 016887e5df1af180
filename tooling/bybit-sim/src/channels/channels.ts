import { BookChannel } from './book-channel.ts'
import type { SymbolChannelClass } from './symbol-channel.ts'
import { TickerChannel } from './ticker-channel.ts'
import { TradeChannel } from './trade-channel.ts'

/** The public channels, in the order in which a step makes them. A new channel adds its line here. */
export const CHANNELS = {
  trades: TradeChannel,
  book: BookChannel,
  ticker: TickerChannel,
} as const satisfies { readonly [name: string]: SymbolChannelClass }

/** The channels of one instrument. */
export type SymbolChannels = {
  readonly [Name in keyof typeof CHANNELS]: InstanceType<(typeof CHANNELS)[Name]>
}
