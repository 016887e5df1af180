import type { Migration } from './migration.ts'

/** A value of the JSON object as a column of its own. */
function generated(name: string, type: string, value: string): string {
  return `${name} ${type} generated always as (${value}) stored`
}

const text = (name: string, key: string): string =>
  generated(name, 'text collate "C"', `details ->> '${key}'`)

const numeric = (name: string, group: string, key: string): string =>
  generated(name, 'numeric', `(details -> '${group}' ->> '${key}')::numeric`)

const instant = (name: string, key: string): string =>
  generated(name, 'timestamptz', `to_timestamp((details ->> '${key}')::double precision / 1000)`)

/**
 * What the exchange lists, as it changes: a row for each time in which nothing about an instrument
 * changed. The values are in `details`, under the exchange's names; those that SQL needs most are
 * columns of their own, which PostgreSQL keeps equal to it.
 *
 * `instrument_lists` says when each category was last read whole.
 *
 * Version 6 goes on reading and writing positions: it names its columns.
 */
export const instruments: Migration = {
  name: '0010-instruments',
  minReader: 6,
  minWriter: 6,
  statements: [
    `create table instruments (
      category text collate "C" not null,
      symbol text collate "C" not null,
      valid_from timestamptz not null,
      valid_until timestamptz,
      changed_after timestamptz,
      confirmed_until timestamptz,
      missing_since timestamptz,
      ${[
        text('status', 'status'),
        text('contract_type', 'contractType'),
        text('options_type', 'optionsType'),
        text('base_coin', 'baseCoin'),
        text('quote_coin', 'quoteCoin'),
        text('settle_coin', 'settleCoin'),
        text('symbol_type', 'symbolType'),
        numeric('tick_size', 'priceFilter', 'tickSize'),
        numeric('min_price', 'priceFilter', 'minPrice'),
        numeric('max_price', 'priceFilter', 'maxPrice'),
        numeric('qty_step', 'lotSizeFilter', 'qtyStep'),
        numeric('base_precision', 'lotSizeFilter', 'basePrecision'),
        numeric('min_order_qty', 'lotSizeFilter', 'minOrderQty'),
        numeric('max_order_qty', 'lotSizeFilter', 'maxOrderQty'),
        numeric('min_notional_value', 'lotSizeFilter', 'minNotionalValue'),
        generated('xstock_multiplier', 'numeric', `(details ->> 'xstockMultiplier')::numeric`),
        instant('launch_time', 'launchTime'),
        instant('delivery_time', 'deliveryTime'),
        generated('funding_interval', 'bigint', `(details ->> 'fundingInterval')::bigint`),
        generated('auction_phase', 'text', `details -> 'preListingInfo' ->> 'curAuctionPhase'`),
      ].join(',\n      ')},
      details jsonb not null,
      content_hash text not null,
      local_ts timestamptz not null,
      source text not null,
      collector text not null,
      primary key (category, symbol, valid_from),
      constraint instruments_in_order check (valid_until > valid_from)
    )`,
    // Two collectors cannot leave two present states of one instrument.
    `create unique index instruments_present on instruments (category, symbol)
      where valid_until is null`,
    `create table instrument_lists (
      category text collate "C" primary key,
      exchange_ts timestamptz not null,
      local_ts timestamptz not null,
      instruments integer not null,
      collector text not null
    )`,
    // Positions have it since autumn 2026; earlier rows keep it in `extra`.
    'alter table position_snapshots add column net_delta_ratio numeric',
  ],
}
