import {
  EXECUTION_COLUMNS,
  ORDER_COLUMNS,
  POSITION_COLUMNS,
  WALLET_COLUMNS,
} from './value-columns.ts'

const ACCOUNT = 'account_id uuid not null references bybit_accounts'
const INSTRUMENT = 'category text collate "C" not null,\n    symbol text collate "C" not null'
const STAMP = `exchange_ts timestamptz not null,
    local_ts timestamptz not null,
    source text not null`
/** A trigger finds it when the row is stored, or `attributeEvents` later: see grid_run_of. */
const RUN = 'run_id uuid references runs'
const EXTRA = 'extra jsonb'

const ORDER = `${ACCOUNT},
    ${INSTRUMENT},
    order_id text collate "C" not null,
    ${STAMP},
    status text not null,
    side text not null,
    ${ORDER_COLUMNS.join(',\n    ')},
    ${EXTRA},
    ${RUN},
    -- The place of the state in its batch: it orders two states that one message brought.
    arrival integer not null,
    content_hash text collate "C" not null`

/** The tables whose rows have a symbol, by which a trigger finds their run. */
const WITH_SYMBOL = ['private_executions', 'orders', 'position_snapshots', 'account_transactions']

/** Tables of what accounts did and have. No foreign key cascades: captured rows are never deleted. */
export const privateEvents: readonly string[] = [
  `create table private_executions (
    ${ACCOUNT},
    ${INSTRUMENT},
    exec_id text collate "C" not null,
    ${STAMP},
    side text not null,
    exec_price numeric not null,
    exec_qty numeric not null,
    seq bigint not null default -1,
    ${EXECUTION_COLUMNS.join(',\n    ')},
    ${EXTRA},
    ${RUN},
    primary key (account_id, category, symbol, exec_id)
  )`,
  `create index ix_private_executions_account_exchange_ts
    on private_executions (account_id, exchange_ts)`,
  'create index ix_private_executions_order on private_executions (account_id, order_id)',
  `create index ix_private_executions_run_id on private_executions (run_id, exchange_ts)
    where run_id is not null`,

  `create table orders (
    ${ORDER},
    primary key (account_id, category, order_id, exchange_ts, content_hash)
  )`,
  'create index ix_orders_account_exchange_ts on orders (account_id, exchange_ts)',
  `create index ix_orders_run_id on orders (run_id, exchange_ts) where run_id is not null`,

  `create table order_states (
    ${ORDER},
    primary key (account_id, category, order_id)
  )`,
  'create index ix_order_states_account_exchange_ts on order_states (account_id, exchange_ts)',
  `create index ix_order_states_run_id on order_states (run_id, exchange_ts) where run_id is not null`,

  // An unknown status ranks like PartiallyFilled.
  `create function order_status_rank(status text) returns integer
    language sql immutable strict parallel safe
    as $$
      select case status
        when 'Untriggered' then 0 when 'Triggered' then 1 when 'New' then 2
        when 'PartiallyFilled' then 3
        when 'Filled' then 4 when 'Cancelled' then 4 when 'Rejected' then 4
        when 'PartiallyFilledCanceled' then 4 when 'Deactivated' then 4
        else 3 end
    $$`,

  `create table position_snapshots (
    ${ACCOUNT},
    ${INSTRUMENT},
    position_idx integer not null,
    ${STAMP},
    side text not null,
    size numeric not null,
    seq bigint not null default -1,
    ${POSITION_COLUMNS.join(',\n    ')},
    ${EXTRA},
    ${RUN},
    content_hash text collate "C" not null,
    primary key (account_id, category, symbol, position_idx, exchange_ts, content_hash)
  )`,
  `create index ix_position_snapshots_account_ts on position_snapshots (account_id, exchange_ts)`,
  `create index ix_position_snapshots_run_id on position_snapshots (run_id, exchange_ts)
    where run_id is not null`,

  // A coin of '' holds the totals of a message that lists no coin.
  `create table wallet_snapshots (
    ${ACCOUNT},
    account_type text collate "C" not null,
    coin text collate "C" not null,
    ${STAMP},
    ${WALLET_COLUMNS.join(',\n    ')},
    ${EXTRA},
    ${RUN},
    content_hash text collate "C" not null,
    primary key (account_id, account_type, coin, exchange_ts, content_hash)
  )`,
  'create index ix_wallet_snapshots_account_ts on wallet_snapshots (account_id, exchange_ts)',
  `create index ix_wallet_snapshots_run_id on wallet_snapshots (run_id, exchange_ts)
    where run_id is not null`,

  // The exchange gives one id to different rows, so transaction_id alone is no key.
  `create table account_transactions (
    ${ACCOUNT},
    transaction_id text collate "C" not null,
    currency text collate "C" not null,
    type text collate "C" not null,
    trade_id text collate "C" not null,
    ${STAMP},
    category text collate "C",
    symbol text collate "C",
    trans_sub_type text,
    side text,
    qty numeric,
    size numeric,
    trade_price numeric,
    funding numeric,
    fee numeric,
    cash_flow numeric,
    change numeric,
    cash_balance numeric,
    fee_rate numeric,
    bonus_change numeric,
    order_id text collate "C",
    order_link_id text,
    extra_fees jsonb,
    ${EXTRA},
    ${RUN},
    primary key (account_id, currency, exchange_ts, type, trade_id, transaction_id)
  )`,
  `create index ix_account_transactions_account_ts on account_transactions (account_id, exchange_ts)`,
  `create index ix_account_transactions_run_id on account_transactions (run_id, exchange_ts)
    where run_id is not null`,

  // Captured events never belong to a backtest. Rows without a symbol, such as wallets, belong to an
  // account's run only when no other is going on.
  `create function grid_run_of(
      account uuid, category_of text, symbol_of text, instant timestamptz
    ) returns uuid language sql stable parallel safe set search_path from current
    as $$
      select case when symbol_of is not null or count(*) over () = 1 then runs.run_id end
      from runs left join strategies on strategies.strategy_id = runs.strategy_id
      where runs.account_id = account and runs.run_type <> 'backtest'
        and runs.start_ts <= instant and (runs.end_ts is null or instant < runs.end_ts)
        and (symbol_of is null
          or (strategies.symbol = symbol_of and strategies.category = category_of))
      order by runs.run_type = 'live' desc, runs.start_ts desc, runs.run_id
      limit 1
    $$`,
  `create function grid_attribute_by_symbol() returns trigger language plpgsql
    set search_path from current
    as $$ begin
      new.run_id := coalesce(
        new.run_id, grid_run_of(new.account_id, new.category, new.symbol, new.exchange_ts));
      return new;
    end $$`,
  `create function grid_attribute_by_account() returns trigger language plpgsql
    set search_path from current
    as $$ begin
      new.run_id := coalesce(
        new.run_id, grid_run_of(new.account_id, null, null, new.exchange_ts));
      return new;
    end $$`,
  ...WITH_SYMBOL.map(
    (table) => `create trigger ${table}_attribute before insert on ${table}
      for each row execute function grid_attribute_by_symbol()`,
  ),
  `create trigger wallet_snapshots_attribute before insert on wallet_snapshots
    for each row execute function grid_attribute_by_account()`,

  // Records of accounts name the account, and may have no category.
  `alter table dead_letters alter column category drop not null,
    add column account_id uuid`,
  `alter table capture_gaps alter column category drop not null,
    alter column account_id type uuid using account_id::uuid`,
]
