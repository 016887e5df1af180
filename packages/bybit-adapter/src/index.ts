export type {
  DecimalsOf,
  Instrument,
  PreListingInfo,
  PreListingPhase,
} from '@grid/core-events'
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
export { ServerClock, type ServerClockOptions, type ServerTime } from './auth/server-clock.ts'
export type { PublicCategory } from './channels/dialect/category-dialect.ts'
export type { DiscardReason } from './channels/dialect/discard-reason.ts'
export type { ChannelOptions } from './channels/registry.ts'
export { streamSymbol, type WantedTopic } from './channels/topics.ts'
export {
  ENVIRONMENTS,
  type Environment,
  privateUrl,
  publicUrl,
  REGIONS,
  type Region,
  restUrl,
} from './endpoints.ts'
export {
  BybitAdapterError,
  type BybitAdapterErrorCode,
  type BybitAdapterErrorContext,
} from './errors.ts'
export {
  createNormalizer,
  type Normalizer,
  type NormalizerOptions,
} from './normalizer/frame-normalizer.ts'
export { FrameReplayer, type ReplayedFrame } from './normalizer/frame-replayer.ts'
export type { Discard, NormalizeResult } from './normalizer/normalize-result.ts'
export { isKept, PREDECESSOR_FILTER, type PrivateFilter } from './normalizer/private-filter.ts'
export { PrivateFrameReplayer } from './normalizer/private-frame-replayer.ts'
export {
  createPrivateNormalizer,
  type PrivateNormalizer,
  type PrivateNormalizerOptions,
} from './normalizer/private-normalizer.ts'
export { type ReadDeadLetterOptions, readDeadLetter } from './normalizer/read-dead-letter.ts'
export type {
  ConnectionCheckpoint,
  PrivateStreamControl,
  StreamControl,
} from './normalizer/stream-control.ts'
export type { RestCallOptions } from './rate-limit/call-options.ts'
export { type LimitRefusal, type LimitReport, limitReport } from './rate-limit/limit-report.ts'
export {
  type RateLimitedRun,
  RateLimiter,
  type RateLimiterOptions,
  type ReportLimits,
  sharedRateLimiter,
} from './rate-limit/rate-limiter.ts'
export type { RequestPriority } from './rate-limit/request-window.ts'
export type { AccountInfo } from './rest/endpoints/account-info.ts'
export type { ApiKeyInfo } from './rest/endpoints/api-key-info.ts'
export type { ClosedPnl } from './rest/endpoints/closed-pnl.ts'
export type { FundingRate } from './rest/endpoints/funding-rate.ts'
export type { Kline, KlineInterval } from './rest/endpoints/kline.ts'
export type { OpenInterest, OpenInterestInterval } from './rest/endpoints/open-interest.ts'
export type { AccountTransaction } from './rest/endpoints/transaction.ts'
export type { RestClientOptions } from './rest/http/new-requester.ts'
export type { RestList } from './rest/lists/rest-list.ts'
export type { CollectedPages, PagesEnd, RestPages } from './rest/lists/rest-pages.ts'
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
export { hasRecentEvents, type RecentEvents } from './rest/recent-events.ts'
export { BybitRestClient } from './rest/rest-client.ts'
export type {
  FundingHistoryQuery,
  InstrumentsQuery,
  KlineQuery,
  OpenInterestQuery,
  RecentTradeQuery,
  TickersQuery,
} from './rest/rest-queries.ts'
export { BybitPrivateStream } from './streams/private-stream.ts'
export type { PrivateStreamOptions } from './streams/private-stream-options.ts'
export { BybitPublicStream } from './streams/public-stream.ts'
export type { PublicStreamOptions } from './streams/stream-options.ts'
export {
  type AcquireOptions,
  ConnectionBudget,
  type ConnectionBudgetOptions,
} from './ws/connection/connection-budget.ts'
export type { UnansweredConnection } from './ws/connection/socket.ts'
export type { KeyRefusal } from './ws/login/key-guard.ts'
export type {
  Frame,
  NormalizedFrame,
  NormalizedPrivateFrame,
  PrivateFrame,
  PrivateStreamEvents,
  PublicStreamEvents,
} from './ws/stream/stream-events.ts'
export type { PrivateStreamStatus, SilenceStep, StreamStatus } from './ws/stream/stream-status.ts'
export type { PrivateStreamTimings, StreamTimings } from './ws/stream/stream-timings.ts'
export type { TopicState, TopicStatus } from './ws/stream/topic-status.ts'
