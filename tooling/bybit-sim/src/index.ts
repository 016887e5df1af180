export type { AccountExchange, AccountInfo, PositionRef } from './accounts/account-exchange.ts'
export type { AccountBooks } from './accounts/books.ts'
export type { TradingBotSpec } from './accounts/bot/trading-bot.ts'
export type { AccountSpec, PositionMode } from './accounts/holdings/account.ts'
export type { ApiKey, ApiKeySpec, Permissions } from './accounts/keys/api-key.ts'
export type { ApiKeyChanges } from './accounts/keys/key-ring.ts'
export type { OrderSpec } from './accounts/orders/order.ts'
export type { PrivateMessage } from './accounts/private/private-feed.ts'
export type { PrivateKind } from './accounts/private/private-topic.ts'
export type { WireRow } from './accounts/private/wire-row.ts'
export { SimError, type SimErrorCode } from './base/errors.ts'
export type { Fault, FaultReport } from './faults/fault.ts'
export type { RestFaultKind } from './faults/rest-faults.ts'
export { optionSymbols } from './market/instrument-name.ts'
export { OPTION_KEYS, SPOT_KEYS, TICKER_KEYS, type TickerKey } from './market/ticker-keys.ts'
export type { TradeSpec } from './market/trade-spec.ts'
export type { SimulatorStats } from './process/control-server.ts'
export { type SimulatorProcess, spawnSimulator } from './process/spawn-simulator.ts'
export type { ReplayOptions, ReplayReport } from './replay.ts'
export type { RestStats } from './rest/rest-limits.ts'
export { type AuthTexts, DEFAULT_RULES, type ExchangeRules } from './rules.ts'
export { type Simulator, startSimulator } from './simulator.ts'
export type { SimulatorOptions, SimulatorSettings } from './simulator-options.ts'
export type { ConnectionInfo } from './sockets/connection.ts'
export { type DigestFields, TradeDigest, tradeDigest } from './truth/trade-digest.ts'
export type {
  BookTruth,
  OptionMarks,
  RawTruth,
  SymbolTotals,
  TickDirection,
  TickerTruth,
  TradeColumns,
  TradeTruth,
  Truth,
  TruthItem,
  TruthMode,
} from './truth/truth.ts'
