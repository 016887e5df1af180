import type { z } from 'zod'
import { type PublicTradeEvent, publicTradeEventSchema, publicTradeKey } from './public-trade.ts'
import { type TickerEvent, tickerEventSchema, tickerKey } from './ticker.ts'

/** The event type of each channel: the one place where a new channel is listed. */
export interface ChannelEvents {
  ticker: TickerEvent
  publicTrade: PublicTradeEvent
}

/** A kind of data. */
export type Channel = keyof ChannelEvents
/** One typed, normalized record of any channel. */
export type GridEvent = ChannelEvents[Channel]

/** What is known about a channel: how to validate one of its events, and what identifies it. */
export interface ChannelDefinition<Event> {
  readonly schema: z.ZodType<Event>
  readonly key: (event: Event) => string
}

/** All channels with their definitions. */
export const CHANNEL_DEFINITIONS: {
  readonly [Name in Channel]: ChannelDefinition<ChannelEvents[Name]>
} = {
  ticker: { schema: tickerEventSchema, key: tickerKey },
  publicTrade: { schema: publicTradeEventSchema, key: publicTradeKey },
}

/** The names of all channels. */
export const CHANNELS: readonly Channel[] = Object.keys(CHANNEL_DEFINITIONS) as Channel[]

/**
 * The identity of an event as text: equal for two deliveries of the same thing, live or recovered,
 * and different for all else. Receive time and source never enter it.
 *
 * @example
 * eventKey(trade) // 'publicTrade|linear|BTCUSDT|1760000000101|6f1d2a3b-…'
 */
export function eventKey(event: GridEvent): string {
  return definitionOf(event.channel).key(event)
}

function definitionOf(channel: Channel): ChannelDefinition<GridEvent> {
  // Sound: an event is only ever handed to the definition under its own channel's name.
  return CHANNEL_DEFINITIONS[channel] as ChannelDefinition<GridEvent>
}
