import type {
  Category,
  Decimal,
  JsonObject,
  JsonValue,
  Source,
  ValueKinds,
} from '@grid/core-events'
import { fault, ItemReader, isFault } from '../../channels/account/item-reader.ts'
import { type PrivateMapper, refused } from '../../channels/account/private-mapper.ts'
import { CATEGORY, optionalFields, REQUIRED } from '../../channels/account/value-readers.ts'
import { isWireObject } from '../../wire/wire.ts'

/**
 * One entry of an account's ledger (`/v5/account/transaction-log`): `change` is `cashFlow` +
 * `funding` − `fee`, and `cashBalance` is the balance after it.
 */
export interface AccountTransaction extends TransactionValues {
  readonly channel: 'transaction'
  /** Our id of the account, a UUID in lower case. */
  readonly accountId: string
  /** The exchange's `id`, which it repeats over entries that differ. */
  readonly transactionId: string
  readonly currency: string
  /**
   * E.g. `TRADE`, `SETTLEMENT`, `TRANSFER_IN`; since autumn 2026 also `DIVIDEND_SETTLEMENT`,
   * `FORWARD_SPLIT_SETTLE` and `REVERSE_SPLIT_SETTLE`.
   */
  readonly type: string
  /** The execution's id, for a trade; `''` if there is none. */
  readonly tradeId: string
  /** `transactionTime`, in epoch milliseconds. */
  readonly exchangeTs: number
  /** Receive time in epoch microseconds. */
  readonly localTsUs: number
  readonly source: Source
  readonly category: Category | null
  /** Keys that this version does not know, as sent; null when there are none. */
  readonly extra: JsonObject | null
}

interface TransactionValues {
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
  /** Taxes and the like: objects with feeCoin, feeType, subFeeType, feeRate, fee. */
  readonly extraFees: JsonValue
}

const VALUES: ValueKinds<TransactionValues> = {
  symbol: 'text',
  transSubType: 'text',
  side: 'text',
  qty: 'decimal',
  size: 'decimal',
  tradePrice: 'decimal',
  funding: 'decimal',
  fee: 'decimal',
  cashFlow: 'decimal',
  change: 'decimal',
  cashBalance: 'decimal',
  feeRate: 'decimal',
  bonusChange: 'decimal',
  orderId: 'text',
  orderLinkId: 'text',
  extraFees: 'json',
}

const READER = new ItemReader({
  ...optionalFields(VALUES),
  category: { ...CATEGORY, read: (value) => (value === '' ? null : CATEGORY.read(value)) },
  id: { field: 'transactionId', ...REQUIRED.text },
  currency: { field: 'currency', ...REQUIRED.name },
  type: { field: 'type', ...REQUIRED.text },
  tradeId: {
    field: 'tradeId',
    read: (value) => (value === '' || value === null ? '' : REQUIRED.text.read(value)),
    message: 'must be empty or a text',
    absent: '',
  },
  transactionTime: { field: 'exchangeTs', ...REQUIRED.time },
})

/** Maps a row of the transaction log. */
export const mapTransaction: PrivateMapper<AccountTransaction> = (row, context) => {
  if (!isWireObject(row)) return refused(fault(null, row, 'must be an object'))
  const read = READER.read(row)
  if (isFault(read)) return refused(read)
  const { accountId, localTsUs, source } = context
  const { values, extra } = read
  const category = values['category'] ?? null
  const stamp = { channel: 'transaction', accountId, localTsUs, source } as const
  // Sound: the reader fills every field, each by the reader of its kind.
  return [{ ...stamp, ...values, category, extra } as unknown as AccountTransaction]
}
