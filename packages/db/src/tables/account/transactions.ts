import type { Category, Decimal, JsonObject, JsonValue, Source } from '@grid/core-events'
import { columnsOf } from '../../columns/column.ts'
import { compareValues, type EventTable } from '../shape/event-table.ts'
import { PlainLookup } from '../shape/plain-lookup.ts'
import { sameExtra } from '../shape/same-extra.ts'

/**
 * One entry of an account's ledger (REST `/v5/account/transaction-log`): `change` is `cashFlow` +
 * `funding` − `fee`, and `cashBalance` the balance after it.
 */
export interface AccountTransaction {
  readonly channel: 'transaction'
  /** Our id of the account, a UUID in lower case. */
  readonly accountId: string
  /** The exchange's `id`, which different entries may share. */
  readonly transactionId: string
  readonly currency: string
  /**
   * E.g. `TRADE`, `SETTLEMENT`, `TRANSFER_IN`; since autumn 2026 also `DIVIDEND_SETTLEMENT`,
   * `FORWARD_SPLIT_SETTLE` and `REVERSE_SPLIT_SETTLE`.
   */
  readonly type: string
  /** The id of a trade's execution; `''` for other entries. */
  readonly tradeId: string
  /** `transactionTime`, in epoch milliseconds. */
  readonly exchangeTs: number
  /** Receive time in epoch microseconds. */
  readonly localTsUs: number
  readonly source: Source
  readonly category: Category | null
  readonly symbol: string | null
  readonly transSubType: string | null
  readonly side: string | null
  readonly qty: Decimal | null
  /** The position after it, signed. */
  readonly size: Decimal | null
  readonly tradePrice: Decimal | null
  /** Positive when received. */
  readonly funding: Decimal | null
  /** Positive when paid. */
  readonly fee: Decimal | null
  readonly cashFlow: Decimal | null
  readonly change: Decimal | null
  readonly cashBalance: Decimal | null
  readonly feeRate: Decimal | null
  readonly bonusChange: Decimal | null
  readonly orderId: string | null
  readonly orderLinkId: string | null
  readonly extraFees: JsonValue
  /** Keys of the message that this version does not know, as sent; null when there are none. */
  readonly extra: JsonObject | null
}

/** Where and how transactions are stored. */
export const TRANSACTIONS: EventTable<AccountTransaction> = {
  channel: 'transaction',
  table: 'account_transactions',
  columns: columnsOf<'account_transactions', AccountTransaction, 'channel'>({
    accountId: 'uuid',
    transactionId: 'text',
    currency: 'text',
    type: 'text',
    tradeId: 'text',
    exchangeTs: 'ms',
    localTsUs: 'us',
    source: 'text',
    category: 'text',
    symbol: 'text',
    transSubType: 'text',
    side: 'text',
    qty: 'numeric',
    size: 'numeric',
    tradePrice: 'numeric',
    funding: 'numeric',
    fee: 'numeric',
    cashFlow: 'numeric',
    change: 'numeric',
    cashBalance: 'numeric',
    feeRate: 'numeric',
    bonusChange: 'numeric',
    orderId: 'text',
    orderLinkId: 'text',
    extraFees: 'jsonb',
    extra: 'jsonb',
  }),
  key: ['accountId', 'currency', 'exchangeTs', 'type', 'tradeId', 'transactionId'],
  lookup: new PlainLookup(),
  compare: (a, b) =>
    compareValues(a.accountId, b.accountId) ||
    compareValues(a.currency, b.currency) ||
    a.exchangeTs - b.exchangeTs ||
    compareValues(a.type, b.type) ||
    compareValues(a.tradeId, b.tradeId) ||
    compareValues(a.transactionId, b.transactionId),
  order: [
    'account_transactions.currency',
    'account_transactions.type',
    'account_transactions.trade_id',
    'account_transactions.transaction_id',
  ],
  immutable: [
    { field: 'category' },
    { field: 'symbol' },
    { field: 'side' },
    { field: 'qty' },
    { field: 'size' },
    { field: 'tradePrice' },
    { field: 'funding' },
    { field: 'fee' },
    { field: 'cashFlow' },
    { field: 'change' },
    { field: 'cashBalance' },
    { field: 'orderId' },
    { field: 'orderLinkId' },
    { field: 'transSubType' },
    { field: 'feeRate' },
    { field: 'bonusChange' },
    { field: 'extraFees' },
    sameExtra(),
  ],
  grants: { writer: 'select, insert, update', reader: 'select' },
}
