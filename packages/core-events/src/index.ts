export {
  type AccountEventBase,
  CATEGORIES,
  type Category,
  type EventBase,
  type EventStamp,
  isAccountId,
  isSymbol,
  type OpenEnum,
  SOURCES,
  type Source,
} from './channel.ts'
export { type Clock, type ClockTimer, nowMs, sleep, systemClock } from './clock.ts'
export { decodeEvent, EVENT_SCHEMA_VERSION, encodeEvent } from './codec.ts'
export type { DeadLetter, DeadLetterCode } from './dead-letter.ts'
export { type Decimal, isDecimal, parseDecimal } from './decimal.ts'
export { type EventMap, type ListenerFault, SafeEmitter } from './emitter.ts'
export { EventError, type EventErrorCode } from './errors.ts'
export {
  CHANNEL_DEFINITIONS,
  CHANNELS,
  type Channel,
  type ChannelDefinition,
  type ChannelEvents,
  eventKey,
  type GridEvent,
  PRIVATE_CHANNELS,
  type PrivateChannel,
  type PrivateChannelEvents,
  type PrivateEvent,
  PUBLIC_CHANNELS,
  type PublicChannel,
  type PublicChannelEvents,
  type PublicEvent,
} from './event.ts'
export {
  EXECUTION_VALUES,
  type ExecutionEvent,
  type ExecutionValues,
  executionEventSchema,
  executionKey,
} from './execution.ts'
export type { CaptureGap, Gap, GapReason, PrivateGap } from './gap.ts'
export type { JsonObject, JsonValue } from './json.ts'
export {
  ORDER_VALUES,
  type OrderEvent,
  type OrderValues,
  orderContentHash,
  orderEventSchema,
  orderKey,
} from './order.ts'
export {
  POSITION_VALUES,
  type PositionEvent,
  type PositionValues,
  positionContentHash,
  positionEventSchema,
  positionKey,
} from './position.ts'
export { type PublicTradeEvent, publicTradeEventSchema, publicTradeKey } from './public-trade.ts'
export { Secret } from './secret.ts'
export { type TickerEvent, type TickerValues, tickerEventSchema, tickerKey } from './ticker.ts'
export {
  changedFields,
  TICKER_FIELD_NAMES,
  TICKER_FIELDS,
  type TickerField,
  type TickerFieldKind,
  type TickerFieldName,
} from './ticker-fields.ts'
export {
  EARLIEST_EXCHANGE_TS,
  LATEST_EXCHANGE_TS,
  parseExchangeTs,
  parseOptionalTs,
} from './time.ts'
export { isText, type ValueKind, type ValueKinds } from './value-kind.ts'
export {
  COIN_VALUES,
  type CoinValues,
  WALLET_TOTALS,
  WALLET_VALUES,
  type WalletEvent,
  type WalletTotals,
  type WalletValues,
  walletContentHash,
  walletEventSchema,
  walletKey,
} from './wallet.ts'
