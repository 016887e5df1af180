import type { Category, Source } from '@grid/core-events'
import type { ColumnType } from 'kysely'
import type { Json, NullableTimestamp, Timestamp } from './column-types.ts'

/** The tables of what the exchange lists. */
export interface InstrumentSchema {
  instruments: InstrumentsTable
  instrument_lists: InstrumentListsTable
}

/** A column that PostgreSQL makes from `details`; null where `details` does not have the value. */
type Made<Value> = ColumnType<Value | null, never, never>

/**
 * Table `instruments`: a row for each time in which nothing about an instrument changed; identity
 * (category, symbol, valid_from). The exchange listed it so from `valid_from` to before `valid_until`.
 */
export interface InstrumentsTable {
  category: Category
  symbol: string
  /** The exchange's time of the first list that showed this. */
  valid_from: Timestamp
  /** Null while this holds. */
  valid_until: NullableTimestamp
  /** The last list that showed something else or lacked it; null when no list was read before. */
  changed_after: NullableTimestamp
  /** The last list that showed this; null while it holds. */
  confirmed_until: NullableTimestamp
  /** The first list that lacked it; it ends when a second one lacks it too. */
  missing_since: NullableTimestamp
  status: Made<string>
  contract_type: Made<string>
  options_type: Made<string>
  base_coin: Made<string>
  quote_coin: Made<string>
  settle_coin: Made<string>
  symbol_type: Made<string>
  tick_size: Made<string>
  min_price: Made<string>
  max_price: Made<string>
  /** The lot of contracts and options. */
  qty_step: Made<string>
  /** The lot of spot. */
  base_precision: Made<string>
  min_order_qty: Made<string>
  max_order_qty: Made<string>
  min_notional_value: Made<string>
  xstock_multiplier: Made<string>
  launch_time: Made<Date>
  delivery_time: Made<Date>
  /** Minutes; digits as text. */
  funding_interval: Made<string>
  /** The phase of a pre-market contract. */
  auction_phase: Made<string>
  /** Everything that the exchange says, under its own names: decimals as texts, times in ms. */
  details: Json
  /** Of `details`: equal for equal ones. */
  content_hash: string
  local_ts: Timestamp
  source: Source
  collector: string
}

/** Table `instrument_lists`: the newest complete list of each category. */
export interface InstrumentListsTable {
  category: Category
  exchange_ts: Timestamp
  local_ts: Timestamp
  instruments: number
  collector: string
}
