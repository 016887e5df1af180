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

/** The event type of each channel of market data: the one place where a new one is listed. */
export interface PublicChannelEvents {
  ticker: TickerEvent
  publicTrade: PublicTradeEvent
}

/** The event type of each channel of an account, likewise. */
export interface PrivateChannelEvents {
  execution: ExecutionEvent
  order: OrderEvent
  position: PositionEvent
  wallet: WalletEvent
}

/** The event type of each channel. */
export interface ChannelEvents extends PublicChannelEvents, PrivateChannelEvents {}

/** A kind of market data. */
export type PublicChannel = keyof PublicChannelEvents
/** A kind of an account's data. */
export type PrivateChannel = keyof PrivateChannelEvents
/** A kind of data. */
export type Channel = keyof ChannelEvents
/** One typed, normalized record of market data. */
export type PublicEvent = PublicChannelEvents[PublicChannel]
/** One typed, normalized record of an account's data. */
export type PrivateEvent = PrivateChannelEvents[PrivateChannel]
/** One typed, normalized record of any channel. */
export type GridEvent = ChannelEvents[Channel]

/**
 * How much of what was missed the exchange still gives afterwards.
 *
 * | history | meaning | a gap begins as |
 * |---|---|---|
 * | `all` | every event can be read later, so that a gap can be filled | `open` |
 * | `last-state` | only the newest state can be read: the states between are gone | `unrecoverable` |
 * | `none` | nothing can be read | `unrecoverable` |
 */
export type ChannelHistory = 'all' | 'last-state' | 'none'

/** What is known about a channel, wherever it is captured, stored or read. */
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
  // Every order is listed as it ended, so that a gap is worth reading, and ends as partial.
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
