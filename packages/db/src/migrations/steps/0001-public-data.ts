import type { Migration } from './migration.ts'

/** The ticker's value columns, by their bit in `changed`. */
const TICKER_COLUMNS = [
  'tick_direction text',
  'last_price numeric',
  'price24h_pcnt numeric',
  'prev_price24h numeric',
  'high_price24h numeric',
  'low_price24h numeric',
  'prev_price1h numeric',
  'mark_price numeric',
  'index_price numeric',
  'open_interest numeric',
  'open_interest_value numeric',
  'single_open_interest numeric',
  'single_open_interest_value numeric',
  'turnover24h numeric',
  'volume24h numeric',
  'bid1_price numeric',
  'bid1_size numeric',
  'ask1_price numeric',
  'ask1_size numeric',
  'next_funding_time timestamptz',
  'funding_rate numeric',
  'funding_interval_hour numeric',
  'funding_cap numeric',
  'delivery_time timestamptz',
  'basis_rate numeric',
  'basis_rate_year numeric',
  'delivery_fee_rate numeric',
  'predicted_delivery_price numeric',
  'basis numeric',
  'pre_open_price numeric',
  'pre_qty numeric',
  'cur_pre_listing_phase text',
]

const tickerColumnNames = TICKER_COLUMNS.map((column) => `'${column.split(' ', 1)}'`)

/** Public trades, tickers, dead letters and gaps. */
export const publicData: Migration = {
  name: '0001-public-data',
  minReader: 1,
  minWriter: 1,
  statements: [
    `create table public_trades (
      category text collate "C" not null,
      symbol text collate "C" not null,
      exchange_ts timestamptz not null,
      trade_id text collate "C" not null,
      local_ts timestamptz not null,
      side text not null,
      price numeric not null,
      size numeric not null,
      tick_direction text,
      is_block_trade boolean,
      is_rpi_trade boolean,
      seq bigint not null default -1,
      match_index integer not null default -1,
      source text not null,
      primary key (category, symbol, exchange_ts, trade_id),
      constraint public_trades_price_finite check (price > '-Infinity' and price < 'Infinity'),
      constraint public_trades_size_finite check (size > '-Infinity' and size < 'Infinity')
    ) partition by range (exchange_ts)`,

    `create table ticker_snapshots (
      category text collate "C" not null,
      symbol text collate "C" not null,
      exchange_ts timestamptz not null,
      seq bigint not null,
      is_snapshot boolean not null,
      local_ts timestamptz not null,
      changed bigint not null,
      ${TICKER_COLUMNS.join(',\n      ')},
      extra jsonb,
      source text not null,
      primary key (category, symbol, exchange_ts, seq, is_snapshot),
      constraint ticker_snapshots_changed_not_negative check (changed >= 0)
    ) partition by range (exchange_ts)`,

    `create function ticker_changed_fields(changed bigint) returns text[]
      language sql immutable strict parallel safe
      as $$
        select coalesce(array_agg(name order by position), '{}')
        from unnest(array[${tickerColumnNames.join(', ')}]) with ordinality as field (name, position)
        where (changed >> (position - 1)::integer) & 1 = 1
      $$`,

    `create table dead_letters (
      id bigint generated always as identity primary key,
      code text not null,
      reason text not null,
      field text,
      category text not null,
      channel text,
      topic text,
      symbol text,
      source text not null,
      local_ts timestamptz not null,
      collector text,
      raw bytea not null,
      created_at timestamptz not null default now()
    )`,

    // A collector that reports a gap again, because the answer was lost, makes no second row.
    `create table capture_gaps (
      id uuid primary key default gen_random_uuid(),
      category text collate "C" not null,
      channel text collate "C" not null,
      symbol text collate "C",
      account_id text collate "C",
      start_ts timestamptz not null,
      end_ts timestamptz not null,
      state text not null
        check (state in ('open', 'ignored', 'partial', 'filled', 'unrecoverable')),
      reason text collate "C" not null,
      collector text collate "C" not null,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      constraint capture_gaps_in_order check (start_ts <= end_ts),
      constraint capture_gaps_identity unique nulls not distinct
        (channel, category, symbol, account_id, start_ts, end_ts, reason, collector)
    )`,
  ],
}
