export { assertReadable, assertWritable, type ExpectedDatabase } from './assert-usable.ts'
export type { BulkInsertResult } from './bulk-insert.ts'
export {
  CaptureGapRepository,
  type GapFilter,
  type GapOrigin,
  type GapState,
  type StoredGap,
} from './capture-gaps.ts'
export { classifyDatabaseError, type DatabaseErrorClass } from './classify-database-error.ts'
export type { Column } from './column.ts'
export type { ColumnKindName } from './column-kind.ts'
export { createDatabase, type DatabaseOptions } from './create-database.ts'
export { redactDatabaseUrl } from './database-url.ts'
export {
  type DeadLetterOrigin,
  type DeadLetterPage,
  DeadLetterRepository,
  type StoredDeadLetter,
} from './dead-letters.ts'
export {
  type DueDay,
  type DueDays,
  findDueDays,
  type RetentionPolicy,
} from './due-days.ts'
export { DatabaseError, type DatabaseErrorCode, type DatabaseErrorContext } from './errors.ts'
export { type FreezeOptions, type FreezeReport, freezeClosedDays } from './freeze-days.ts'
export {
  type Account,
  type AccountDetails,
  AccountRepository,
  type NewAccount,
} from './identity/accounts.ts'
export { asTenant } from './identity/as-tenant.ts'
export type { Beholder } from './identity/beholder.ts'
export {
  type Credential,
  type CredentialInfo,
  CredentialRepository,
  type NewCredential,
  type SecretOptions,
} from './identity/credentials.ts'
export { accountIdOf, strategyIdOf, userIdOf } from './identity/deterministic-id.ts'
export type { EnabledAccount } from './identity/enabled-accounts.ts'
export {
  type NewUser,
  OperatorRepository,
  type OrphanedRuns,
  type UserPage,
} from './identity/operator.ts'
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
export type { TenantScope } from './identity/tenant-scope.ts'
export { type User, UserRepository } from './identity/users.ts'
export { type DatabaseInspection, inspectDatabase } from './inspect-database.ts'
export type { KeyConflict } from './key-conflicts.ts'
export type { AsOfQuery, CategoryQuery, EndTimes } from './market-repository.ts'
export { type MigrateOptions, type MigrationReport, migrate } from './migrate.ts'
export { SCHEMA_VERSION } from './migration.ts'
export {
  listPartitions,
  type Partition,
  type PartitionQuery,
  type PartitionState,
} from './partition-catalog.ts'
export {
  ensurePartitions,
  ensureUpcomingPartitions,
  PARTITIONED_TABLES,
  type PartitionedTable,
  type PartitionOptions,
} from './partitions.ts'
export type {
  AccountEventRepository,
  AccountQuery,
  AccountRange,
  RunRange,
} from './private/account-event-repository.ts'
export type { TimeRange } from './private/account-range.ts'
export type { Attributed } from './private/account-rows.ts'
export {
  type ExecutionQuery,
  ExecutionRepository,
  type OrderLinkQuery,
} from './private/executions.ts'
export { type ActiveOrderQuery, type OrderQuery, OrderRepository } from './private/orders.ts'
export { type PositionQuery, PositionSnapshotRepository } from './private/positions.ts'
export { type AccountTransaction, AccountTransactionRepository } from './private/transactions.ts'
export { type WalletQuery, WalletSnapshotRepository } from './private/wallets.ts'
export {
  type FinishOptions,
  finishRemovals,
  type PostponedRemoval,
  type PruneOptions,
  type PruneReport,
  pruneDays,
  type RemovalReport,
} from './prune-days.ts'
export { PublicTradeRepository, type TradeIdQuery } from './public-trades.ts'
export type { RangeQuery, ReadInterval } from './range.ts'
export { type MarketQuery, readMarket } from './read-market.ts'
export { listRemovedDays, type RemovedDay, type RemovedDayQuery } from './removed-days.ts'
export type { RowCount } from './row-counts.ts'
export type {
  BigInteger,
  CaptureGapsTable,
  DeadLettersTable,
  GridDatabase,
  GridMetaTable,
  Numeric,
  PublicTradesTable,
  RemovedDaysTable,
  TickerSnapshotsTable,
  TickerValueColumns,
  Timestamp,
  Uuid,
  WithDefault,
} from './schema.ts'
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
} from './schema-identity.ts'
export type {
  AccountTransactionsTable,
  OrdersTable,
  PositionSnapshotsTable,
  PrivateExecutionsTable,
  WalletSnapshotsTable,
} from './schema-private.ts'
export { EncryptionKeys } from './secrets/encryption-keys.ts'
export type { SymbolQuery, SymbolsQuery } from './symbol-query.ts'
export { TickerSnapshotRepository } from './ticker-snapshots.ts'
export type { BinLength, BinsQuery } from './time-bins.ts'
export type { TradeBar } from './trade-bars.ts'
