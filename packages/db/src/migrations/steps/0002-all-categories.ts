import type { Migration } from './migration.ts'

/** The ticker values of the other categories, by their bit in `changed` from 32 on. */
const TICKER_COLUMNS = [
  'usd_index_price',
  'bid1_iv',
  'ask1_iv',
  'mark_iv',
  'underlying_price',
  'total_volume',
  'total_turnover',
  'delta',
  'gamma',
  'vega',
  'theta',
  'change24h',
]

const TRADE_COLUMNS = ['mark_price', 'index_price', 'mark_iv', 'iv']

const FIRST_BIT = 32

/**
 * Columns for the values that spot tickers, option tickers and option trades have beyond linear ones.
 *
 * They are nullable, so that version 1 may go on reading and writing.
 */
export const allCategories: Migration = {
  name: '0002-all-categories',
  minReader: 1,
  minWriter: 1,
  statements: [
    `alter table public_trades ${addNumeric(TRADE_COLUMNS)}`,
    `alter table ticker_snapshots ${addNumeric(TICKER_COLUMNS)}`,
    // The old function still names its own bits, so that no name is repeated here.
    'alter function ticker_changed_fields(bigint) rename to ticker_changed_fields_below_32',
    `create function ticker_changed_fields(changed bigint) returns text[]
      language sql immutable strict parallel safe
      as $$
        select ticker_changed_fields_below_32(changed) || coalesce(array_agg(name order by position), '{}')
        from unnest(array[${TICKER_COLUMNS.map((name) => `'${name}'`).join(', ')}])
          with ordinality as field (name, position)
        where (changed >> (position + ${FIRST_BIT - 1})::integer) & 1 = 1
      $$`,
  ],
}

function addNumeric(columns: readonly string[]): string {
  return columns.map((column) => `add column ${column} numeric`).join(', ')
}
