export type { ConnectionInfo } from './connection.ts'
export type { SimulatorStats } from './control-server.ts'
export { SimError, type SimErrorCode } from './errors.ts'
export type { Fault, FaultReport } from './fault.ts'
export { optionSymbols } from './instrument-name.ts'
export type { PrivateMessage } from './private/private-feed.ts'
export type { PrivateKind } from './private/private-topic.ts'
export type { WireRow } from './private/wire-row.ts'
export type { ReplayOptions, ReplayReport } from './replay.ts'
export type { RestFaultKind } from './rest/rest-faults.ts'
export type { RestStats } from './rest/rest-limits.ts'
export { type AuthTexts, DEFAULT_RULES, type ExchangeRules } from './rules.ts'
export { type Simulator, startSimulator } from './simulator.ts'
export type { SimulatorOptions, SimulatorSettings } from './simulator-options.ts'
export { type SimulatorProcess, spawnSimulator } from './spawn-simulator.ts'
export { OPTION_KEYS, SPOT_KEYS, TICKER_KEYS, type TickerKey } from './ticker-keys.ts'
export { type DigestFields, TradeDigest, tradeDigest } from './trade-digest.ts'
export type { TradeSpec } from './trade-spec.ts'
export type { AccountSpec, PositionMode } from './trading/account.ts'
export type { AccountExchange, AccountInfo, PositionRef } from './trading/account-exchange.ts'
export type { ApiKey, ApiKeySpec, Permissions } from './trading/api-key.ts'
export type { AccountBooks } from './trading/books.ts'
export type { ApiKeyChanges } from './trading/key-ring.ts'
export type { OrderSpec } from './trading/order.ts'
export type { TradingBotSpec } from './trading/trading-bot.ts'
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
} from './truth.ts'
