import type { Category } from '@grid/core-events'
import type { GeneratedAlways } from 'kysely'
import type {
  Json,
  NullableJson,
  NullableTimestamp,
  Timestamp,
  Uuid,
  WithDefault,
} from './column-types.ts'

/** The tables that say who captures what for whom. */
export interface IdentitySchema {
  users: UsersTable
  bybit_accounts: BybitAccountsTable
  api_credentials: ApiCredentialsTable
  strategies: StrategiesTable
  runs: RunsTable
}

/** Table `users`: the tenants. */
export interface UsersTable {
  user_id: WithDefault<Uuid>
  username: string
  email: string | null
  status: WithDefault<UserStatus>
  created_at: WithDefault<Timestamp>
  updated_at: WithDefault<Timestamp>
}

/** A user's status. Only accounts of active users are captured. */
export type UserStatus = 'active' | 'suspended' | 'deleted'

/** Table `bybit_accounts`; a removed one stays as a tombstone, without credentials. */
export interface BybitAccountsTable {
  account_id: WithDefault<Uuid>
  user_id: Uuid
  account_name: string
  environment: string
  status: WithDefault<AccountStatus>
  created_at: WithDefault<Timestamp>
  updated_at: WithDefault<Timestamp>
  removed_at: NullableTimestamp
}

/** An account's status. Only enabled accounts are captured. */
export type AccountStatus = 'enabled' | 'disabled' | 'error' | 'removed'

/** Table `api_credentials`: at most one active an account; `api_secret` is ciphertext. */
export interface ApiCredentialsTable {
  credential_id: WithDefault<Uuid>
  account_id: Uuid
  /** The public part of the key. */
  api_key_id: string
  key_type: WithDefault<KeyType>
  /** Ciphertext; null once the key was replaced. */
  api_secret: Uint8Array | null
  encryption_key_id: string | null
  /** Which version of associated data the ciphertext is bound by; null without a ciphertext. */
  associated_data_version: GeneratedAlways<number | null>
  is_active: WithDefault<boolean>
  created_at: WithDefault<Timestamp>
  rotated_at: NullableTimestamp
}

/** How requests are signed: with a shared secret or with a private key. */
export type KeyType = 'hmac' | 'rsa'

/** Table `strategies`: what trades on an account's symbol; one a symbol. */
export interface StrategiesTable {
  strategy_id: WithDefault<Uuid>
  account_id: Uuid
  strategy_type: string
  category: WithDefault<Category>
  symbol: string
  config_json: Json
  is_enabled: WithDefault<boolean>
  created_at: WithDefault<Timestamp>
}

/** Table `runs`: sessions of strategies, and of recorders, which have none. */
export interface RunsTable {
  run_id: WithDefault<Uuid>
  user_id: Uuid
  account_id: Uuid
  strategy_id: Uuid | null
  run_type: RunType
  gridcore_version: string | null
  config_snapshot: NullableJson
  start_ts: WithDefault<Timestamp>
  end_ts: NullableTimestamp
  heartbeat_ts: WithDefault<Timestamp>
  status: WithDefault<RunStatus>
}

/** What a run does. Captured events never belong to a backtest. */
export type RunType = 'live' | 'backtest' | 'shadow' | 'recording'

/** How far a run has come. */
export type RunStatus = 'running' | 'completed' | 'failed'
