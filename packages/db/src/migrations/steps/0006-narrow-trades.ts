import type { Migration } from './migration.ts'

/** The fields of `details`, by the view's column of each. */
const DETAILS = {
  mark_price: 'markPrice',
  index_price: 'indexPrice',
  mark_iv: 'markIv',
  iv: 'iv',
} as const

/** The columns that stay as they were. */
const KEPT = [
  'exchange_ts',
  'local_ts',
  'seq',
  'match_index',
  'symbol',
  'trade_id',
  'side',
  'price',
  'size',
  'source',
]

const KEY =
  'trade_stream_key(category, symbol), trade_second(exchange_ts), trade_id_key(category, symbol, trade_id, exchange_ts)'

const detailColumns = Object.entries(DETAILS).map(
  ([column, field]) =>
    `case when details <> '' then (details::jsonb ->> '${field}')::numeric end as ${column}`,
)

const detailNumbers = Object.values(DETAILS)
  .map((field) => `(details::jsonb ->> '${field}')::numeric`)
  .join(', ')

const oldDetails = [
  ...Object.entries(DETAILS).map(([column, field]) => `'${field}', ${column}::text`),
  `'tickDirection', case when array_position(trade_tick_directions(), tick_direction) is null
    then tick_direction end`,
].join(', ')

/**
 * Stores trades in half the space: columns of fixed width come first, none is null, rare values share
 * one column, and the unique key is of hashes, where a primary key would hold every id a second time.
 *
 * The view `public_trades_wide` gives every field as a column, as the table did before. Stored days are
 * copied one after the other, which takes time, and twice their space until the transaction ends.
 */
export const narrowTrades: Migration = {
  name: '0006-narrow-trades',
  minReader: 6,
  minWriter: 6,
  statements: [
    `create type market_category as enum ('linear', 'inverse', 'spot', 'option')`,
    // So that it reads and compares as text, which it was before.
    'create cast (market_category as text) with inout as implicit',
    'create cast (text as market_category) with inout as assignment',

    `create function trade_stream_key(category market_category, symbol text) returns integer
      language sql immutable parallel safe
      return hashtext(symbol) # hashenum(category)`,
    // Only stable, because the cast from text to an enum is.
    `create function trade_stream_key(category text, symbol text) returns integer
      language sql stable parallel safe
      return trade_stream_key(category::market_category, symbol)`,
    // Seconds from 2050, rounded: 32 bits reach from 1981 to 2118.
    `create function trade_second(instant timestamptz) returns integer
      language sql immutable parallel safe
      return date_part('epoch', instant - timestamptz '2050-01-01 00:00:00+00')::integer`,
    // A hash of the whole identity, with another seed than the stream's key: among half a million
    // symbols some share a stream key, and two of them may have a trade of one id at one instant.
    // Instants count to the microsecond.
    `create function trade_id_key(
        category market_category, symbol text, trade_id text, instant timestamptz
      ) returns bigint
      language sql immutable parallel safe
      return hashtextextended(trade_id,
        interval_hash_extended(instant - timestamptz '2050-01-01 00:00:00+00',
          hashtextextended(symbol, hashenumextended(category, 1))))`,
    `create function trade_id_key(category text, symbol text, trade_id text, instant timestamptz)
      returns bigint
      language sql stable parallel safe
      return trade_id_key(category::market_category, symbol, trade_id, instant)`,
    `create function trade_tick_directions() returns text[]
      language sql immutable parallel safe
      return array['PlusTick', 'ZeroPlusTick', 'MinusTick', 'ZeroMinusTick']`,

    'alter table public_trades rename to public_trades_before',
    `create table public_trades (
      exchange_ts timestamptz not null,
      local_ts timestamptz not null,
      seq bigint not null default -1,
      match_index integer not null default -1,
      category market_category not null,
      flags smallint not null default 0,
      symbol text collate "C" not null,
      trade_id text collate "C" not null,
      side text not null,
      price numeric not null,
      size numeric not null,
      source text not null,
      details text not null default '',
      constraint public_trades_price_finite check (price > '-Infinity' and price < 'Infinity'),
      constraint public_trades_size_finite check (size > '-Infinity' and size < 'Infinity'),
      -- Fails for details that the view could not read.
      constraint public_trades_details_readable check (
        details = '' or jsonb_typeof(details::jsonb) = 'object' and num_nonnulls(${detailNumbers}) >= 0
      )
    ) partition by range (exchange_ts)`,

    `do $$
      declare
        day record;
      begin
        for day in
          select child.relname as name, inhdetachpending as is_leaving,
            pg_get_expr(child.relpartbound, child.oid) as bounds
          from pg_inherits join pg_class child on child.oid = inhrelid
          where inhparent = 'public_trades_before'::regclass order by child.relname
        loop
          if day.is_leaving then
            raise exception 'partition % is being removed: let the version before this one end that, by event-saver partitions prune', day.name;
          end if;
          execute format('alter table %1$I rename to %2$I', day.name, day.name || '_before');
          execute format('create table %I (like public_trades including all)', day.name);
          execute format(
            'insert into %1$I (${KEPT.join(', ')}, category, flags, details)
              select ${KEPT.join(', ')}, category,
                coalesce(array_position(trade_tick_directions(), tick_direction), 0)
                + case when is_block_trade then 24 when not is_block_trade then 8 else 0 end
                + case when is_rpi_trade then 96 when not is_rpi_trade then 32 else 0 end,
                coalesce(nullif(jsonb_strip_nulls(jsonb_build_object(${oldDetails.replaceAll("'", "''")})), ''{}'')::text, '''')
              from %2$I',
            day.name, day.name || '_before'
          );
          execute format('create unique index %2$I on %1$I (${KEY}) with (fillfactor = 100)',
            day.name, day.name || '_key');
          execute format('alter table public_trades attach partition %I %s', day.name, day.bounds);
        end loop;
      end $$`,

    // Security invoker: a reader needs the privileges on the table itself.
    `create view public_trades_wide with (security_invoker = true) as
      select category, symbol, exchange_ts, trade_id, local_ts, side, price, size,
        case when flags & 7 > 0 then (trade_tick_directions())[flags & 7]
          when details <> '' then details::jsonb ->> 'tickDirection' end as tick_direction,
        case when flags & 8 > 0 then flags & 16 > 0 end as is_block_trade,
        case when flags & 32 > 0 then flags & 64 > 0 end as is_rpi_trade,
        seq, match_index, ${detailColumns.join(', ')}, source
      from public_trades`,
    `do $$
      declare
        owner regrole;
        may record;
      begin
        -- The user who migrates need not be the one who captures or reads.
        select relowner into owner from pg_class where oid = 'public_trades_before'::regclass;
        execute format('alter table public_trades owner to %s', owner);
        execute format('alter view public_trades_wide owner to %s', owner);
        for may in
          select relname as name from pg_inherits
          join pg_class on pg_class.oid = inhrelid where inhparent = 'public_trades'::regclass
        loop
          execute format('alter table %I owner to %s', may.name, owner);
        end loop;
        for may in
          select privilege_type as privilege, is_grantable,
            case when grantee = 0 then 'public' else grantee::regrole::text end as grantee
          from pg_class, aclexplode(relacl)
          where pg_class.oid = 'public_trades_before'::regclass and grantee <> relowner
        loop
          execute format('grant %s on public_trades to %s %s', may.privilege, may.grantee,
            case when may.is_grantable then 'with grant option' else '' end);
          if may.privilege = 'SELECT' then
            execute format('grant select on public_trades_wide to %s', may.grantee);
          end if;
        end loop;
      end $$`,
    'drop table public_trades_before',
    // PostgreSQL inlines it, so that further conditions of a query also use the index. Its names are
    // bound when it is created (begin atomic), so that it works with any search_path.
    `create function public_trades_of(
        category text, symbol text,
        starts timestamptz default '2019-01-01 00:00:00+00', ends timestamptz default 'infinity'
      ) returns setof public_trades_wide
      language sql stable parallel safe
      begin atomic
        select * from public_trades_wide as trade
        where trade_stream_key(trade.category, trade.symbol) = trade_stream_key($1, $2)
          and trade_second(trade.exchange_ts)
            between ${possibleSecond('$3')} and ${possibleSecond('$4')}
          and trade.exchange_ts >= $3 and trade.exchange_ts < $4
          and case when trade.category = $1::text and trade.symbol = $2 then true else false end;
      end`,
  ],
}

/** SQL of an instant's second; of one outside 1982 to 2118, such as infinity, that of the nearest bound. */
function possibleSecond(instant: string): string {
  return `trade_second(greatest(least(${instant}, '2118-01-01 00:00:00+00'), '1982-01-01 00:00:00+00'))`
}
