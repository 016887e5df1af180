import type { z } from 'zod'
import { type ExecutionEvent, executionEventSchema, executionKey } from './account/execution.ts'
import { type OrderEvent, orderEventSchema, orderKey } from './account/order.ts'
import { type PositionEvent, positionEventSchema, positionKey } from './account/position.ts'
import { type WalletEvent, walletEventSchema, walletKey } from './account/wallet.ts'
import {
  type PublicTradeEvent,
  publicTradeEventSchema,
  publicTradeKey,
} from './market/public-trade.ts'
import { type TickerEvent, tickerEventSchema, tickerKey } from './market/ticker.ts'

/** The event type of each channel of market data. A new channel adds its line here. */
export interface PublicChannelEvents {
  ticker: TickerEvent
  publicTrade: PublicTradeEvent
}

/** The event type of each channel of an account. A new channel adds its line here. */
export interface PrivateChannelEvents {
  execution: ExecutionEvent
  order: OrderEvent
  position: PositionEvent
  wallet: WalletEvent
}

/** The event type of each channel. */
export interface ChannelEvents extends PublicChannelEvents, PrivateChannelEvents {}

/** A channel of market data. */
export type PublicChannel = keyof PublicChannelEvents
/** A channel of an account. */
export type PrivateChannel = keyof PrivateChannelEvents
/** A channel: one kind of data. */
export type Channel = keyof ChannelEvents
/** One typed, normalized record of market data. */
export type PublicEvent = PublicChannelEvents[PublicChannel]
/** One typed, normalized record of an account's data. */
export type PrivateEvent = PrivateChannelEvents[PrivateChannel]
/** One typed, normalized record of any channel. */
export type GridEvent = ChannelEvents[Channel]

/**
 * How much of the missed data the exchange still gives later.
 *
 * | history | meaning | a gap begins as |
 * |---|---|---|
 * | `all` | every event can be read later, so a gap can be filled | `open` |
 * | `last-state` | only the newest state can be read; the states before it are lost | `unrecoverable` |
 * | `none` | nothing can be read later | `unrecoverable` |
 */
export type ChannelHistory = 'all' | 'last-state' | 'none'

/** The definition of a channel, which all layers use. */
export interface ChannelDefinition<Event> {
  /** Validates one of its events. */
  readonly schema: z.ZodType<Event>
  /** The identity of one of its events as text. */
  readonly key: (event: Event) => string
  readonly history: ChannelHistory
}

type Definitions<Events> = {
  readonly [Name in keyof Events]: ChannelDefinition<Events[Name]>
}

const PUBLIC_DEFINITIONS: Definitions<PublicChannelEvents> = {
  ticker: { schema: tickerEventSchema, key: tickerKey, history: 'last-state' },
  publicTrade: { schema: publicTradeEventSchema, key: publicTradeKey, history: 'all' },
}

const PRIVATE_DEFINITIONS: Definitions<PrivateChannelEvents> = {
  execution: { schema: executionEventSchema, key: executionKey, history: 'all' },
  // History lists every order in its final state, so a gap is worth reading, and ends as `partial`.
  order: { schema: orderEventSchema, key: orderKey, history: 'all' },
  position: { schema: positionEventSchema, key: positionKey, history: 'last-state' },
  wallet: { schema: walletEventSchema, key: walletKey, history: 'last-state' },
}

/** All channels with their definitions. */
export const CHANNEL_DEFINITIONS: Definitions<ChannelEvents> = {
  ...PUBLIC_DEFINITIONS,
  ...PRIVATE_DEFINITIONS,
}

/** The names of the channels of market data. */
export const PUBLIC_CHANNELS: readonly PublicChannel[] = Object.keys(
  PUBLIC_DEFINITIONS,
) as PublicChannel[]
/** The names of the channels of an account. */
export const PRIVATE_CHANNELS: readonly PrivateChannel[] = Object.keys(
  PRIVATE_DEFINITIONS,
) as PrivateChannel[]
/** The names of all channels. */
export const CHANNELS: readonly Channel[] = [...PUBLIC_CHANNELS, ...PRIVATE_CHANNELS]

/**
 * The identity of an event as text.
 *
 * It is equal for two deliveries of the same event, live or recovered, and different for all others.
 * It never contains receive time and source.
 *
 * @example
 * eventKey(trade) // 'publicTrade|linear|BTCUSDT|1760000000101|6f1d2a3b-…'
 */
export function eventKey(event: GridEvent): string {
  return definitionOf(event.channel).key(event)
}

function definitionOf(channel: Channel): ChannelDefinition<GridEvent> {
  // Sound: every event goes to the definition of its own channel.
  return CHANNEL_DEFINITIONS[channel] as ChannelDefinition<GridEvent>
}
