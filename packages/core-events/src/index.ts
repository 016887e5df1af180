export { type Clock, type ClockTimer, nowMs, sleep, systemClock } from './clock.ts'
export { type EventMap, type ListenerFault, SafeEmitter } from './emitter.ts'
export { EventError, type EventErrorCode } from './errors.ts'
export {
  EXECUTION_VALUES,
  type ExecutionEvent,
  type ExecutionValues,
  executionEventSchema,
  executionKey,
} from './events/account/execution.ts'
export {
  ORDER_VALUES,
  type OrderEvent,
  type OrderValues,
  orderContentHash,
  orderEventSchema,
  orderKey,
} from './events/account/order.ts'
export {
  POSITION_VALUES,
  type PositionEvent,
  type PositionValues,
  positionContentHash,
  positionEventSchema,
  positionKey,
} from './events/account/position.ts'
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
} from './events/account/wallet.ts'
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
} from './events/channel.ts'
export { decodeEvent, EVENT_SCHEMA_VERSION, encodeEvent } from './events/codec.ts'
export { DEAD_LETTER_CODES, type DeadLetter, type DeadLetterCode } from './events/dead-letter.ts'
export {
  CHANNEL_DEFINITIONS,
  CHANNELS,
  type Channel,
  type ChannelDefinition,
  type ChannelEvents,
  type ChannelHistory,
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
} from './events/event.ts'
export type { CaptureGap, Gap, GapBounds, GapReason, PrivateGap } from './events/gap.ts'
export {
  type PublicTradeEvent,
  publicTradeEventSchema,
  publicTradeKey,
} from './events/market/public-trade.ts'
export {
  mergeTickers,
  type TickerEvent,
  tickerEventSchema,
  tickerKey,
} from './events/market/ticker.ts'
export {
  changedFields,
  TICKER_FIELD_NAMES,
  TICKER_FIELDS,
  type TickerField,
  type TickerFieldKind,
  type TickerFieldName,
  type TickerValues,
} from './events/market/ticker-fields.ts'
export {
  type AccountStream,
  type MarketStream,
  type Stream,
  streamKey,
  streamOf,
} from './events/stream.ts'
export {
  type DecimalsOf,
  INSTRUMENT_DECIMALS,
  type Instrument,
  type PreListingInfo,
  type PreListingPhase,
} from './instruments/instrument.ts'
export { instrumentFromJson, instrumentToJson } from './instruments/instrument-json.ts'
export {
  Backoff,
  type BackoffBounds,
  type RetryOptions,
  repeat,
  retry,
  untilAborted,
  WakeUp,
} from './retry.ts'
export { believableTs, MOST_AHEAD_MS } from './values/believable-ts.ts'
export { canonicalDecimal, type Decimal, isDecimal, parseDecimal } from './values/decimal.ts'
export { durationText } from './values/duration-text.ts'
export {
  type ExactNumber,
  holdsNumber,
  isExactNumber,
  parseExactJson,
} from './values/exact-json.ts'
export { isHostName } from './values/host.ts'
export type { JsonObject, JsonValue } from './values/json.ts'
export { Secret } from './values/secret.ts'
export {
  EARLIEST_EXCHANGE_TS,
  LATEST_EXCHANGE_TS,
  parseExchangeTs,
  parseOptionalTs,
} from './values/time.ts'
export { isText, type ValueKind, type ValueKinds } from './values/value-kind.ts'
