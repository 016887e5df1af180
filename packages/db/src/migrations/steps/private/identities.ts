/**
 * Tables of users, accounts, keys, strategies and runs. No foreign key cascades: captured rows stay when
 * an account is removed, whose row stays as a tombstone.
 */
export const identities: readonly string[] = [
  `create table users (
    user_id uuid primary key default gen_random_uuid(),
    username text collate "C" not null unique check (username <> ''),
    email text collate "C" unique,
    status text not null default 'active' check (status in ('active', 'suspended', 'deleted')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  )`,

  `create table bybit_accounts (
    account_id uuid primary key default gen_random_uuid(),
    user_id uuid not null references users,
    account_name text collate "C" not null check (account_name <> ''),
    environment text not null,
    status text not null default 'enabled'
      check (status in ('enabled', 'disabled', 'error', 'removed')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    removed_at timestamptz,
    constraint uq_user_account_name unique (user_id, account_name),
    -- So that foreign keys can require a row's user to be its account's user.
    constraint bybit_accounts_owner unique (account_id, user_id),
    constraint bybit_accounts_tombstone check ((status = 'removed') = (removed_at is not null))
  )`,

  // api_secret is ciphertext, null once it is no longer needed.
  `create table api_credentials (
    credential_id uuid primary key default gen_random_uuid(),
    account_id uuid not null references bybit_accounts,
    api_key_id text not null check (api_key_id <> ''),
    key_type text not null default 'hmac' check (key_type in ('hmac', 'rsa')),
    api_secret bytea,
    encryption_key_id text,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    rotated_at timestamptz,
    constraint api_credentials_secret_with_key
      check ((api_secret is null) = (encryption_key_id is null)),
    constraint api_credentials_active_secret check (not is_active or api_secret is not null)
  )`,
  `create unique index api_credentials_one_active on api_credentials (account_id) where is_active`,

  `create table strategies (
    strategy_id uuid primary key default gen_random_uuid(),
    account_id uuid not null references bybit_accounts,
    strategy_type text not null,
    category text collate "C" not null default 'linear',
    symbol text collate "C" not null,
    config_json jsonb not null,
    is_enabled boolean not null default true,
    created_at timestamptz not null default now(),
    constraint uq_account_symbol unique (account_id, category, symbol),
    constraint strategies_owner unique (strategy_id, account_id)
  )`,

  `create table runs (
    run_id uuid primary key default gen_random_uuid(),
    user_id uuid not null,
    account_id uuid not null,
    strategy_id uuid,
    run_type text not null check (run_type in ('live', 'backtest', 'shadow', 'recording')),
    gridcore_version text,
    config_snapshot jsonb,
    start_ts timestamptz not null default now(),
    end_ts timestamptz,
    heartbeat_ts timestamptz not null default now(),
    status text not null default 'running' check (status in ('running', 'completed', 'failed')),
    constraint runs_account foreign key (account_id, user_id)
      references bybit_accounts (account_id, user_id),
    constraint runs_strategy foreign key (strategy_id, account_id)
      references strategies (strategy_id, account_id),
    constraint runs_in_order check (start_ts <= end_ts),
    constraint runs_ended check ((status = 'running') = (end_ts is null))
  )`,
  'create index ix_runs_user_id on runs (user_id, start_ts)',
  'create index ix_runs_account_id on runs (account_id, start_ts)',
  `create index ix_runs_status on runs (status) where status = 'running'`,

  // A hint, without content, for collectors to read the accounts again; they also do so by themselves.
  `create function grid_notify_accounts() returns trigger language plpgsql
    as $$ begin perform pg_notify('grid_accounts', ''); return null; end $$`,
  ...['bybit_accounts', 'api_credentials'].map(
    (table) => `create trigger ${table}_changed after insert or update or delete on ${table}
      for each statement execute function grid_notify_accounts()`,
  ),
]
