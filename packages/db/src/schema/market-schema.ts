import type { Category, Source, TICKER_FIELDS, TickerFieldName } from '@grid/core-events'
import type { ColumnName } from './column-name.ts'
import type {
  BigInteger,
  NullableJson,
  NullableTimestamp,
  Numeric,
  Timestamp,
  WithDefault,
} from './column-types.ts'

/** The tables of market data: each has a partition a UTC day. The one place where a new one is listed. */
export interface DailySchema {
  public_trades: PublicTradesTable
  ticker_snapshots: TickerSnapshotsTable
}

/** The tables of market data, and the views of those whose rows are packed. */
export interface MarketSchema extends DailySchema {
  public_trades_wide: PublicTradesWideView
}

/** The name of a table that has a partition a UTC day. */
export type PartitionedTable = keyof DailySchema

/**
 * View `public_trades_wide`: the rows of `public_trades` with every field as a column. To read one
 * instrument, call the function `public_trades_of(category, symbol, starts, ends)`, which uses the
 * index.
 */
export interface PublicTradesWideView {
  category: Category
  symbol: string
  exchange_ts: Timestamp
  trade_id: string
  local_ts: Timestamp
  side: string
  price: Numeric
  size: Numeric
  tick_direction: string | null
  is_block_trade: boolean | null
  is_rpi_trade: boolean | null
  /** −1 when unknown. */
  seq: WithDefault<BigInteger>
  /** −1 when unknown. */
  match_index: WithDefault<number>
  /** Options only, as are the next three. */
  mark_price: Numeric | null
  index_price: Numeric | null
  mark_iv: Numeric | null
  iv: Numeric | null
  source: Source
}

/**
 * Table `public_trades`; identity (category, symbol, exchange_ts, trade_id), kept by a unique index
 * over hashes of them; a partition a UTC day.
 */
export interface PublicTradesTable
  extends Pick<
    PublicTradesWideView,
    | 'symbol'
    | 'exchange_ts'
    | 'trade_id'
    | 'local_ts'
    | 'side'
    | 'price'
    | 'size'
    | 'seq'
    | 'match_index'
    | 'source'
  > {
  /** `market_category`, an enum that reads and compares as text. */
  category: Category
  /** `smallint`: tick direction, block trade and RPI, which the view takes apart. */
  flags: WithDefault<number>
  /** What few trades have, as JSON; mostly empty. */
  details: WithDefault<string>
}

/** The column of a ticker value, by the value's kind. */
interface TickerColumns {
  decimal: Numeric | null
  timestamp: NullableTimestamp
  text: string | null
}

/** Every ticker value under its exchange name in snake case: `mark_price`, `price24h_pcnt`. */
export type TickerValueColumns = {
  [Name in TickerFieldName as ColumnName<Name>]: TickerColumns[(typeof TICKER_FIELDS)[Name]['kind']]
}

/**
 * Table `ticker_snapshots`; identity (category, symbol, exchange_ts, seq, is_snapshot), kept by a unique
 * index over hashes of them; a partition a UTC day. SQL function `ticker_changed_fields(changed)` names
 * the fresh columns.
 *
 * A row may hold its fresh values only. To read whole ones in SQL, call the function
 * `ticker_snapshots_of(category, symbol, starts, ends)`.
 */
export interface TickerSnapshotsTable extends TickerValueColumns {
  category: Category
  symbol: string
  exchange_ts: Timestamp
  seq: BigInteger
  is_snapshot: boolean
  local_ts: Timestamp
  changed: BigInteger
  /**
   * `smallint`: 0 and 3 for a whole row that the rows after it build on, of which 0 are few; 1 for one
   * that holds its fresh values only; 2 for a whole one that came late, and that no row builds on.
   */
  form: WithDefault<number>
  extra: NullableJson
  source: Source
}
