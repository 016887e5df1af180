export type {
  AccountEventRepository,
  AccountQuery,
  AccountRange,
  RunRange,
} from './account-events/account-event-repository.ts'
export type { TimeRange } from './account-events/account-range.ts'
export type { Attributed } from './account-events/account-rows.ts'
export {
  type ExecutionQuery,
  ExecutionRepository,
  type OrderLinkQuery,
} from './account-events/executions.ts'
export { type ActiveOrderQuery, type OrderQuery, OrderRepository } from './account-events/orders.ts'
export { type PositionQuery, PositionSnapshotRepository } from './account-events/positions.ts'
export { AccountTransactionRepository } from './account-events/transactions.ts'
export { type WalletQuery, WalletSnapshotRepository } from './account-events/wallets.ts'
export { forgetStoredRows } from './carried/stream-memory.ts'
export { classifyDatabaseError, type DatabaseErrorClass } from './classify-database-error.ts'
export type { Column } from './columns/column.ts'
export type { ColumnKindName } from './columns/column-kind.ts'
export { createDatabase, type DatabaseOptions } from './connection/create-database.ts'
export { guardedClient } from './connection/guarded-client.ts'
export { checkDatabaseUrl, redactDatabaseUrl } from './connection/url/database-url.ts'
export {
  type PostgresConnection,
  postgresConnection,
} from './connection/url/postgres-connection.ts'
export type { TlsOptions } from './connection/url/tls-options.ts'
export type { HeardLine } from './coverage/beat.ts'
export { CollectorRepository, type Retirement } from './coverage/collectors.ts'
export {
  type CoverageInterval,
  type CoverageQuery,
  type CoverageState,
  coverage,
} from './coverage/coverage.ts'
export { type KeepOptions, keepCoverageDays } from './coverage/coverage-days.ts'
export {
  type Beat,
  type LineEnd,
  type LineKey,
  LineRepository,
  type NewLine,
  type OpenLine,
} from './coverage/lines.ts'
export { type Loss, type LossEnd, LossRepository } from './coverage/losses.ts'
export { type PercentQuery, percent, type StreamPercent } from './coverage/percent.ts'
export { type LiveSpan, type Proof, SpanRepository, type StreamSpan } from './coverage/spans.ts'
export { type UnwantedStream, WantedRepository, type WantedStream } from './coverage/wanted.ts'
export { DatabaseError, type DatabaseErrorCode, type DatabaseErrorContext } from './errors.ts'
export {
  type Account,
  type AccountDetails,
  AccountRepository,
  type NewAccount,
} from './identity/accounts.ts'
export { asTenant } from './identity/as-tenant.ts'
export {
  type Credential,
  type CredentialInfo,
  CredentialRepository,
  type NewCredential,
  type SecretOptions,
} from './identity/credentials.ts'
export { accountIdOf, strategyIdOf, userIdOf } from './identity/deterministic-id.ts'
export type {
  EnabledAccount,
  SealedAccount,
  SealedCredential,
} from './identity/enabled-accounts.ts'
export {
  type NewUser,
  OperatorRepository,
  type OrphanedRuns,
  type UserPage,
} from './identity/operator.ts'
export type { RebindReport } from './identity/reencrypt.ts'
export {
  type NewRun,
  type Run,
  type RunEnd,
  type RunFilter,
  RunRepository,
  type StaleRuns,
} from './identity/runs.ts'
export {
  type NewStrategy,
  type Strategy,
  type StrategyQuery,
  StrategyRepository,
} from './identity/strategies.ts'
export { type User, UserRepository } from './identity/users.ts'
export type { BulkInsertOptions, BulkInsertResult } from './insert/bulk-insert.ts'
export type { KeyConflict } from './insert/key-conflicts.ts'
export type {
  InstrumentList,
  InstrumentState,
  LastList,
  Listing,
  ListReading,
  RecordedList,
} from './instruments/instrument-list.ts'
export { type HistoryQuery, InstrumentRepository } from './instruments/instrument-repository.ts'
export type {
  CoinsQuery,
  InstrumentQuery,
  RecordedCoins,
} from './instruments/read-instruments.ts'
export {
  type AsOfQuery,
  type CategoryQuery,
  type EndTimes,
  type LastTsQuery,
  type MarketRepository,
  marketRepository,
} from './market/market-repository.ts'
export {
  type NarrowedDay,
  type NarrowOptions,
  type NarrowReport,
  narrowDays,
  type PostponedDay,
} from './market/narrow-days.ts'
export { PublicTradeRepository, type TradeIdQuery } from './market/public-trades.ts'
export { TickerSnapshotRepository } from './market/ticker-snapshots.ts'
export { SCHEMA_VERSION } from './migrations/all.ts'
export {
  assertReadable,
  assertWritable,
  type ExpectedDatabase,
} from './migrations/assert-usable.ts'
export { type DatabaseInspection, inspectDatabase } from './migrations/inspect-database.ts'
export { type MigrateOptions, type MigrationReport, migrate } from './migrations/migrate.ts'
export {
  type DueDay,
  type DueDays,
  findDueDays,
  type KeptDay,
  type RetentionPolicy,
} from './partitions/due-days.ts'
export {
  ensurePartitions,
  ensureUpcomingPartitions,
  type PartitionOptions,
} from './partitions/ensure-partitions.ts'
export {
  type FreezeOptions,
  type FreezeReport,
  freezeClosedDays,
} from './partitions/freeze-days.ts'
export {
  listPartitions,
  type Partition,
  type PartitionQuery,
  type PartitionState,
} from './partitions/partition-catalog.ts'
export {
  type FinishOptions,
  finishRemovals,
  type PostponedRemoval,
  type PruneOptions,
  type PruneReport,
  pruneDays,
  type RemovalReport,
} from './partitions/prune-days.ts'
export {
  listRemovedDays,
  type RemovedDay,
  type RemovedDayQuery,
} from './partitions/removed-days.ts'
export type { RangeQuery, ReadInterval } from './read/range.ts'
export { type MarketQuery, readMarket } from './read/read-market.ts'
export type { RowCount } from './read/row-counts.ts'
export type { SymbolQuery, SymbolsQuery } from './read/symbol-query.ts'
export type { BinLength, BinsQuery } from './read/time-bins.ts'
export type { TradeBar } from './read/trade-bars.ts'
export {
  CaptureGapRepository,
  type GapFilter,
  type GapInterval,
  type GapOrigin,
  type GapState,
  type StoredGap,
} from './records/capture-gaps.ts'
export {
  type DeadLetterCount,
  type DeadLetterOrigin,
  type DeadLetterPage,
  DeadLetterRepository,
  type DeadLetterState,
  type StoredDeadLetter,
} from './records/dead-letters.ts'
export {
  type JournalOwner,
  JournalPositionRepository,
  type PositionMove,
} from './records/journal-positions.ts'
export {
  type RehearsalFault,
  type RehearsalOptions,
  type RehearsalStep,
  rehearseCapture,
} from './records/rehearsal.ts'
export { replaceRows } from './replace/replace-rows.ts'
export type { ReplacedFrame } from './replace/replaced-frames.ts'
export type { RowReplacement } from './replace/row-replacement.ts'
export type {
  AccountTransactionsTable,
  OrdersTable,
  PositionSnapshotsTable,
  PrivateExecutionsTable,
  WalletSnapshotsTable,
} from './schema/account-schema.ts'
export type { BigInteger, Numeric, Timestamp, Uuid, WithDefault } from './schema/column-types.ts'
export type {
  CollectorBeatsTable,
  CollectorsTable,
  CoverageDaysTable,
  CoverageDirtyTable,
  CoverageEvidence,
  CoverageLinesTable,
  CoverageLossesTable,
  CoverageMidnightsTable,
  CoverageSpansTable,
  LeftPositionsTable,
  StreamsTable,
  WantedSpansTable,
} from './schema/coverage-schema.ts'
export type { GridDatabase } from './schema/database.ts'
export type {
  AccountStatus,
  ApiCredentialsTable,
  BybitAccountsTable,
  KeyType,
  RunStatus,
  RunsTable,
  RunType,
  StrategiesTable,
  UserStatus,
  UsersTable,
} from './schema/identity-schema.ts'
export type { InstrumentListsTable, InstrumentsTable } from './schema/instrument-schema.ts'
export type {
  PartitionedTable,
  PublicTradesTable,
  TickerSnapshotsTable,
  TickerValueColumns,
} from './schema/market-schema.ts'
export type {
  CaptureGapsTable,
  DeadLettersTable,
  GridMetaTable,
  JournalPositionsTable,
  RemovedDaysTable,
} from './schema/record-schema.ts'
export type { TenantScope, Viewer } from './schema/tenant-scope.ts'
export { EncryptionKeys } from './secrets/encryption-keys.ts'
export type { AccountTransaction } from './tables/account/transactions.ts'
export { PARTITIONED_TABLES } from './tables/daily-tables.ts'
export { MARKET_TABLES } from './tables/market-tables.ts'
export type { DailyTable } from './tables/shape/event-table.ts'
