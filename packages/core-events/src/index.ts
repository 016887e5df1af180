export {
  CATEGORIES,
  type Category,
  type EventBase,
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
} from './event.ts'
export type { Gap, GapReason } from './gap.ts'
export type { JsonObject, JsonValue } from './json.ts'
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
