export {
  type DownloadTradeArchiveOptions,
  downloadTradeArchive,
} from './archive/download-trade-archive.ts'
export {
  type ReadTradeArchiveOptions,
  readTradeArchive,
  type TradeArchiveBatch,
} from './archive/read-trade-archive.ts'
export {
  type ArchiveCategory,
  type ArchiveLocation,
  type TradeArchiveDay,
  tradeArchiveUrl,
} from './archive/trade-archive-url.ts'
export type { Credentials, HmacCredentials, RsaCredentials } from './auth/credentials.ts'
export type { KeyFaultCode } from './auth/key-fault.ts'
export { ServerClock, type ServerClockOptions } from './auth/server-clock.ts'
export type { PublicCategory } from './category-dialect.ts'
export type { DiscardReason } from './channels/channel-mapper.ts'
export type { WantedTopic } from './channels/registry.ts'
export {
  BybitAdapterError,
  type BybitAdapterErrorCode,
  type BybitAdapterErrorContext,
} from './errors.ts'
export type { Discard, NormalizeResult } from './normalizer/normalize-result.ts'
export {
  createNormalizer,
  type Normalizer,
  type NormalizerOptions,
} from './normalizer/normalizer.ts'
export { PREDECESSOR_FILTER, type PrivateFilter } from './normalizer/private-filter.ts'
export {
  createPrivateNormalizer,
  type PrivateNormalizer,
  type PrivateNormalizerOptions,
} from './normalizer/private-normalizer.ts'
export { type LimitRefusal, type LimitReport, limitReport } from './rate-limit/limit-report.ts'
export {
  type RateLimitedRun,
  RateLimiter,
  type RateLimiterOptions,
  type ReportLimits,
  sharedRateLimiter,
} from './rate-limit/rate-limiter.ts'
export type { RequestPriority } from './rate-limit/request-window.ts'
export type { AccountInfo } from './rest/account-info.ts'
export type { ApiKeyInfo } from './rest/api-key-info.ts'
export type { ClosedPnl } from './rest/closed-pnl.ts'
export type { FundingRate } from './rest/funding-rate.ts'
export { restUrl } from './rest/hosts.ts'
export type {
  DecimalsOf,
  Instrument,
  PreListingInfo,
  PreListingPhase,
} from './rest/instrument.ts'
export type { Kline, KlineInterval } from './rest/kline.ts'
export type { OpenInterest, OpenInterestInterval } from './rest/open-interest.ts'
export type {
  ClosedPnlQuery,
  ExecutionsQuery,
  OpenOrdersQuery,
  OrderHistoryQuery,
  PositionsQuery,
  TransactionLogQuery,
  WalletBalanceQuery,
} from './rest/private-queries.ts'
export {
  BybitPrivateRestClient,
  type PrivateRestClientOptions,
} from './rest/private-rest-client.ts'
export type { RestCallOptions } from './rest/requester.ts'
export { BybitRestClient, type RestClientOptions } from './rest/rest-client.ts'
export type { RestList } from './rest/rest-list.ts'
export type { CollectedPages, PagesEnd, RestPages } from './rest/rest-pages.ts'
export type {
  FundingHistoryQuery,
  InstrumentsQuery,
  KlineQuery,
  OpenInterestQuery,
  RecentTradeQuery,
  TickersQuery,
} from './rest/rest-queries.ts'
export type { ServerTime } from './rest/server-time.ts'
export type { AccountTransaction } from './rest/transaction.ts'
export {
  type AcquireOptions,
  ConnectionBudget,
  type ConnectionBudgetOptions,
} from './ws/connection-budget.ts'
export { type Environment, privateUrl, publicUrl } from './ws/endpoints.ts'
export type { KeyRefusal } from './ws/key-guard.ts'
export { BybitPrivateStream } from './ws/private-stream.ts'
export type {
  NormalizedPrivateFrame,
  PrivateFrame,
  PrivateStreamEvents,
} from './ws/private-stream-events.ts'
export type { PrivateStreamOptions } from './ws/private-stream-options.ts'
export type { PrivateStreamStatus } from './ws/private-stream-status.ts'
export type { PrivateStreamTimings } from './ws/private-stream-timings.ts'
export { BybitPublicStream } from './ws/public-stream.ts'
export type { Frame, NormalizedFrame, PublicStreamEvents } from './ws/stream-events.ts'
export type { PublicStreamOptions } from './ws/stream-options.ts'
export type { SilenceStep, StreamStatus } from './ws/stream-status.ts'
export type { StreamTimings } from './ws/stream-timings.ts'
export type { TopicState, TopicStatus } from './ws/topic-status.ts'
