import type {
  Category,
  ExecutionValues,
  OrderValues,
  PositionValues,
  Source,
  WalletValues,
} from '@grid/core-events'
import type { ColumnType } from 'kysely'
import type {
  BigInteger,
  NullableJson,
  Numeric,
  Timestamp,
  Uuid,
  WithDefault,
} from './column-types.ts'
import type { ValueColumns } from './value-columns.ts'

/** The tables of what accounts did and have. */
export interface AccountSchema {
  private_executions: PrivateExecutionsTable
  orders: OrdersTable
  order_states: OrdersTable
  position_snapshots: PositionSnapshotsTable
  wallet_snapshots: WalletSnapshotsTable
  account_transactions: AccountTransactionsTable
}

/** The columns that all these tables have. */
interface AccountColumns {
  account_id: Uuid
  exchange_ts: Timestamp
  local_ts: Timestamp
  source: Source
  extra: NullableJson
  /** The run that was going on at `exchange_ts`; null when none is known. */
  run_id: ColumnType<string | null, string | null | undefined, string | null>
}

interface InstrumentColumns extends AccountColumns {
  category: Category
  symbol: string
}

/** Table `private_executions`; key (account_id, category, symbol, exec_id). */
export interface PrivateExecutionsTable extends InstrumentColumns, ValueColumns<ExecutionValues> {
  exec_id: string
  side: string
  exec_price: Numeric
  exec_qty: Numeric
  /** −1 when unknown. */
  seq: WithDefault<BigInteger>
}

/**
 * Table `orders`, every state of every order; key (account_id, category, order_id, exchange_ts,
 * content_hash). The columns of `order_states` are the same.
 */
export interface OrdersTable extends InstrumentColumns, ValueColumns<OrderValues> {
  order_id: string
  status: string
  side: string
  /** The place of the state in its batch: it orders two states that one message brought. */
  arrival: number
  content_hash: string
}

/** Table `position_snapshots`; key (account_id, category, symbol, position_idx, exchange_ts, content_hash). */
export interface PositionSnapshotsTable extends InstrumentColumns, ValueColumns<PositionValues> {
  /** 0 one-way, 1 hedge long, 2 hedge short. */
  position_idx: number
  side: string
  size: Numeric
  /** −1 when unknown. */
  seq: WithDefault<BigInteger>
  content_hash: string
}

/** Table `wallet_snapshots`; key (account_id, account_type, coin, exchange_ts, content_hash). */
export interface WalletSnapshotsTable extends AccountColumns, ValueColumns<WalletValues> {
  account_type: string
  /** Empty when the message listed no coin. */
  coin: string
  content_hash: string
}

/**
 * Table `account_transactions`; key (account_id, currency, exchange_ts, type, trade_id,
 * transaction_id).
 */
export interface AccountTransactionsTable extends AccountColumns {
  transaction_id: string
  currency: string
  type: string
  /** Empty when there is none. */
  trade_id: string
  category: string | null
  symbol: string | null
  trans_sub_type: string | null
  side: string | null
  qty: Numeric | null
  size: Numeric | null
  trade_price: Numeric | null
  funding: Numeric | null
  fee: Numeric | null
  cash_flow: Numeric | null
  change: Numeric | null
  cash_balance: Numeric | null
  fee_rate: Numeric | null
  bonus_change: Numeric | null
  order_id: string | null
  order_link_id: string | null
  extra_fees: NullableJson
}
