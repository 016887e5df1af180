import type { Category, JsonObject, Source, TickerValues } from '@grid/core-events'
import type { ColumnType, InsertType, SelectType, UpdateType } from 'kysely'
import type {
  AccountTransactionsTable,
  OrdersTable,
  PositionSnapshotsTable,
  PrivateExecutionsTable,
  WalletSnapshotsTable,
} from './account-tables.ts'
import type { ColumnName } from './column-name.ts'
import type {
  ApiCredentialsTable,
  BybitAccountsTable,
  RunsTable,
  StrategiesTable,
  UsersTable,
} from './identity-tables.ts'

/**
 * `timestamptz`: read as a `Date`, which keeps milliseconds only. Cast to text, or use the
 * repositories, for microseconds.
 */
export type Timestamp = ColumnType<Date, Date | string, Date | string>
/** `numeric`: exact digits as text. */
export type Numeric = TextOf<'numeric'>
/** `uuid`: its usual text. */
export type Uuid = TextOf<'uuid'>
/** `bigint`: digits as text. */
export type BigInteger = ColumnType<string, string | number | bigint, string | number | bigint>

/** A column that the database fills in when it is left out. */
export type WithDefault<Column> = ColumnType<
  SelectType<Column>,
  InsertType<Column> | undefined,
  UpdateType<Column>
> &
  (Column extends { readonly __columnType__?: infer Type }
    ? { readonly __columnType__?: Type }
    : unknown)

/** A column that is read and written as text, whose type no value shows. */
type TextOf<Type extends string> = ColumnType<string, string, string> & {
  readonly __columnType__?: Type
}

/**
 * View `public_trades_wide`: what `public_trades` holds, every field as a column. Ask for one
 * instrument by the function `public_trades_of(category, symbol, starts, ends)`, which uses the index.
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
 * of hashes of them; a partition a UTC day.
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
  /** `market_category`, which reads and compares as text. */
  category: Category
  /** `smallint`: tick direction, block trade and RPI, which the view takes apart. */
  flags: WithDefault<number>
  /** What few trades have, as JSON; mostly empty. */
  details: WithDefault<string>
}

type TickerColumn<Name> = Name extends 'tickDirection' | 'curPreListingPhase'
  ? string | null
  : Name extends 'nextFundingTime' | 'deliveryTime'
    ? ColumnType<Date | null, Date | string | null, Date | string | null>
    : Numeric | null

/** Every ticker value under its exchange name in snake case: `mark_price`, `price24h_pcnt`. */
export type TickerValueColumns = {
  [Name in keyof TickerValues as ColumnName<Name>]: TickerColumn<Name>
}

/**
 * Table `ticker_snapshots`; key (category, symbol, exchange_ts, seq, is_snapshot); a partition a
 * UTC day. SQL function `ticker_changed_fields(changed)` names the fresh columns.
 */
export interface TickerSnapshotsTable extends TickerValueColumns {
  category: Category
  symbol: string
  exchange_ts: Timestamp
  seq: BigInteger
  is_snapshot: boolean
  local_ts: Timestamp
  changed: BigInteger
  extra: ColumnType<JsonObject | null, string | null, string | null>
  source: Source
}

/** Table `dead_letters`: items that could not be normalized or stored, whole. */
export interface DeadLettersTable {
  id: WithDefault<BigInteger>
  code: string
  reason: string
  field: string | null
  category: string | null
  channel: string | null
  topic: string | null
  symbol: string | null
  source: string
  /** Null for market data. */
  account_id: Uuid | null
  local_ts: Timestamp
  collector: string | null
  raw: Uint8Array
  created_at: WithDefault<Timestamp>
}

/** Table `capture_gaps`: intervals of one stream in which events may have been missed. */
export interface CaptureGapsTable {
  id: WithDefault<Uuid>
  /** Null of an account's gap, which is in all its categories. */
  category: string | null
  channel: string
  symbol: string | null
  account_id: Uuid | null
  start_ts: Timestamp
  end_ts: Timestamp
  state: string
  reason: string
  collector: string
  created_at: WithDefault<Timestamp>
  updated_at: WithDefault<Timestamp>
}

/**
 * Table `removed_days`: days whose partition was given up, or is about to be while `removed_at` is
 * null.
 */
export interface RemovedDaysTable {
  id: WithDefault<BigInteger>
  table_name: string
  /** `date`: cast it to text, or use `listRemovedDays`; as a `Date` its day depends on the driver. */
  day: ColumnType<Date, string, string>
  requested_by: string
  requested_at: WithDefault<Timestamp>
  /** Whether its time to be repaired ran out. */
  repair_overdue: WithDefault<boolean>
  removed_at: ColumnType<Date | null, Date | string | null, Date | string | null>
  row_count: ColumnType<string | null, string | number | null, string | number | null>
  bytes: ColumnType<string | null, string | number | null, string | number | null>
}

/** Table `grid_meta`: one row, what the database is and who may use it. */
export interface GridMetaTable {
  only_row: WithDefault<boolean>
  environment: string | null
  schema_version: number
  min_reader: number
  min_writer: number
}

/** Every table of this package, for `Kysely<GridDatabase>`. */
export interface GridDatabase {
  public_trades: PublicTradesTable
  public_trades_wide: PublicTradesWideView
  ticker_snapshots: TickerSnapshotsTable
  dead_letters: DeadLettersTable
  capture_gaps: CaptureGapsTable
  removed_days: RemovedDaysTable
  grid_meta: GridMetaTable
  users: UsersTable
  bybit_accounts: BybitAccountsTable
  api_credentials: ApiCredentialsTable
  strategies: StrategiesTable
  runs: RunsTable
  private_executions: PrivateExecutionsTable
  orders: OrdersTable
  order_states: OrdersTable
  position_snapshots: PositionSnapshotsTable
  wallet_snapshots: WalletSnapshotsTable
  account_transactions: AccountTransactionsTable
}
