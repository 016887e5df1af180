import type { Migration } from './migration.ts'

/** The ticker's values, by their bit in `changed`. */
const VALUES = [
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
  'usd_index_price numeric',
  'bid1_iv numeric',
  'ask1_iv numeric',
  'mark_iv numeric',
  'underlying_price numeric',
  'total_volume numeric',
  'total_turnover numeric',
  'delta numeric',
  'gamma numeric',
  'vega numeric',
  'theta numeric',
  'change24h numeric',
]

const valueNames = VALUES.map((column) => column.split(' ', 1)[0] as string)

/** The columns that are of the message itself. */
const OWN = [
  'exchange_ts timestamptz not null',
  'local_ts timestamptz not null',
  'seq bigint not null',
  'changed bigint not null',
  'form smallint not null default 0',
  'is_snapshot boolean not null',
  'category text collate "C" not null',
  'symbol text collate "C" not null',
  'source text not null',
]

const ownNames = OWN.map((column) => column.split(' ', 1)[0] as string)

/** SQL of a row whose values are carried: those that `now` names are its own, the others those `before`. */
const carriedRow = [
  ...ownNames.map((name) => (name === 'form' ? '0::smallint' : `(now).${name}`)),
  ...valueNames.map(
    (name, bit) =>
      `case when (now).changed & ${2 ** bit} <> 0 then (now).${name} else (before).${name} end`,
  ),
  '(now).extra',
].join(',\n          ')

/** SQL of a whole row, as it is. */
const wholeRow = [
  ...ownNames.map((name) => (name === 'form' ? '0::smallint' : `(now).${name}`)),
  ...valueNames.map((name) => `(now).${name}`),
  '(now).extra',
].join(', ')

const columnsOfRow = [...ownNames, ...valueNames, 'extra']
  .map((name) => `(given.row).${name}`)
  .join(', ')

const EARLIEST = "timestamptz '2019-01-01 00:00:00+00'"

/** SQL of the instant of the last base at or before `$3`, or only before it, of its day; or of `$3`. */
function firstOf(isBefore: '<=' | '<'): string {
  return `coalesce((
              select base.exchange_ts from ticker_snapshots as base
              where base.category = $1 and base.symbol = $2 and base.form = 0
                and base.exchange_ts >= date_trunc('day', $3, 'UTC') and base.exchange_ts ${isBefore} $3
              order by base.exchange_ts desc limit 1
            ), $3)`
}

/** SQL of the function that gives whole rows. The base that a row builds on is looked for within the day of `starts`. */
export function tickerSnapshotsOf(isBefore: '<=' | '<'): string {
  const first = firstOf(isBefore)
  return `function ticker_snapshots_of(
        category text, symbol text,
        starts timestamptz default '2019-01-01 00:00:00+00', ends timestamptz default 'infinity'
      ) returns setof ticker_snapshots
      language sql stable parallel safe
      begin atomic
        select ${columnsOfRow}
        from (
          select
            case when ticker.form = 2 then ticker_carried(null, ticker) else ticker_state(ticker)
              filter (where ticker.form <> 2)
              over (order by ticker.exchange_ts, ticker.seq, ticker.is_snapshot desc) end as row
          from ticker_snapshots as ticker
          where ticker.category = $1 and ticker.symbol = $2
            and ticker_stream_key(ticker.category, ticker.symbol) = ticker_stream_key($1, $2)
            and ticker_second(ticker.exchange_ts)
              between ${possibleSecond(first)} and ${possibleSecond('$4')}
            and ticker.exchange_ts >= ${first} and ticker.exchange_ts < $4
            -- With the start of the day the planner leaves out the days before.
            and ticker.exchange_ts >= date_trunc('day', $3, 'UTC')
          offset 0
        ) as given
        where (given.row).exchange_ts >= $3;
      end`
}

/**
 * Stores tickers in less than half the space: a row holds the values that its message carried, and now
 * and then all of them (`form`: 0 and 3 hold all of them, 1 does not, 2 came late, and no row builds on
 * it; a search for what a row builds on begins at a row of form 0); columns of fixed width come first; the
 * unique key is of hashes.
 *
 * Stored days are not rewritten: they keep their rows, which are whole, and their primary key. They are
 * read once, for PostgreSQL checks that their rows lie within their day before it attaches them. A day
 * with a validated CHECK that says so is not even read.
 */
export const narrowTickers: Migration = {
  name: '0011-narrow-tickers',
  minReader: 11,
  minWriter: 11,
  statements: [
    `create function ticker_stream_key(category text, symbol text) returns integer
      language sql immutable parallel safe
      return hashtext(symbol) # hashtext(category)`,
    // Seconds from 2019, the earliest exchange time: 32 bits reach to 2087.
    `create function ticker_second(instant timestamptz) returns integer
      language sql immutable parallel safe
      return floor(date_part('epoch', instant - ${EARLIEST}))::integer`,
    // The milliseconds of the minute and a hash of the whole identity, with another seed than the
    // stream's key. With the time first, PostgreSQL fills the pages of the index.
    `create function ticker_id_key(
        category text, symbol text, seq bigint, is_snapshot boolean, instant timestamptz
      ) returns bigint
      language sql immutable parallel safe
      return (date_part('milliseconds', instant - ${EARLIEST})::bigint << 47)
        | (((1::bigint << 47) - 1) & hashint8extended(seq * 2 + is_snapshot::integer,
            interval_hash_extended(instant - ${EARLIEST},
              hashtextextended(symbol, hashtextextended(category, 1)))))`,

    'alter table ticker_snapshots rename to ticker_snapshots_before',
    `create table ticker_snapshots (
      ${[...OWN, ...VALUES, 'extra jsonb'].join(',\n      ')},
      constraint ticker_snapshots_changed_not_negative check (changed >= 0)
    ) partition by range (exchange_ts)`,
    `do $$
      declare
        day record;
      begin
        for day in
          select child.relname as name, inhdetachpending as is_leaving,
            pg_get_expr(child.relpartbound, child.oid) as bounds
          from pg_inherits join pg_class child on child.oid = inhrelid
          where inhparent = 'ticker_snapshots_before'::regclass order by child.relname
        loop
          if day.is_leaving then
            raise exception 'partition % is being removed: let the version before this one end that, by event-saver partitions prune', day.name;
          end if;
          execute format('alter table ticker_snapshots_before detach partition %I', day.name);
          execute format('alter table %I add column form smallint not null default 0', day.name);
          execute format('alter table ticker_snapshots attach partition %I %s', day.name, day.bounds);
        end loop;
      end $$`,
    `do $$
      declare
        owner regrole;
        may record;
      begin
        -- The user who migrates need not be the one who captures or reads.
        select relowner into owner from pg_class where oid = 'ticker_snapshots_before'::regclass;
        execute format('alter table ticker_snapshots owner to %s', owner);
        for may in
          select privilege_type as privilege, is_grantable,
            case when grantee = 0 then 'public' else grantee::regrole::text end as grantee
          from pg_class, aclexplode(relacl)
          where pg_class.oid = 'ticker_snapshots_before'::regclass and grantee <> relowner
        loop
          execute format('grant %s on ticker_snapshots to %s %s', may.privilege, may.grantee,
            case when may.is_grantable then 'with grant option' else '' end);
        end loop;
      end $$`,
    'drop table ticker_snapshots_before',

    `create function ticker_carried(before ticker_snapshots, now ticker_snapshots)
      returns ticker_snapshots
      language sql immutable parallel safe
      begin atomic
        select case when (now).form = 1 then row(
          ${carriedRow}
        )::ticker_snapshots else row(${wholeRow})::ticker_snapshots end;
      end`,
    `create aggregate ticker_state(ticker_snapshots) (
      sfunc = ticker_carried, stype = ticker_snapshots, parallel = safe
    )`,
    `create ${tickerSnapshotsOf('<=')}`,
  ],
}

/** SQL of an instant's second; of one outside 1960 to 2080, such as infinity, that of the nearest bound. */
function possibleSecond(instant: string): string {
  return `ticker_second(greatest(least(${instant}, '2080-01-01 00:00:00+00'), '1960-01-01 00:00:00+00'))`
}
