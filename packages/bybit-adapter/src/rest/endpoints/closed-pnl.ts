import type { Category, Decimal, JsonObject, ValueKinds } from '@grid/core-events'
import { fault, ItemReader, isFault } from '../../channels/account/item-reader.ts'
import { type PrivateMapper, refused } from '../../channels/account/private-mapper.ts'
import { optionalFields, REQUIRED } from '../../channels/account/value-readers.ts'
import { isWireObject } from '../../wire/wire.ts'

/** What one order closed of a position (`/v5/position/closed-pnl`). Its prices include fees. */
export interface ClosedPnl extends ClosedPnlValues {
  readonly category: Category
  readonly symbol: string
  readonly orderId: string
  /** The side of the closing order. */
  readonly side: string
  /** Keys that this version does not know, as sent; null when there are none. */
  readonly extra: JsonObject | null
}

interface ClosedPnlValues {
  readonly qty: Decimal | null
  readonly orderPrice: Decimal | null
  readonly orderType: string | null
  readonly execType: string | null
  readonly closedSize: Decimal | null
  readonly cumEntryValue: Decimal | null
  readonly avgEntryPrice: Decimal | null
  readonly cumExitValue: Decimal | null
  readonly avgExitPrice: Decimal | null
  readonly closedPnl: Decimal | null
  readonly fillCount: number | null
  readonly leverage: Decimal | null
  readonly openFee: Decimal | null
  readonly closeFee: Decimal | null
  /** Epoch milliseconds. */
  readonly createdTime: number | null
  /** Epoch milliseconds. */
  readonly updatedTime: number | null
}

const VALUES: ValueKinds<ClosedPnlValues> = {
  qty: 'decimal',
  orderPrice: 'decimal',
  orderType: 'text',
  execType: 'text',
  closedSize: 'decimal',
  cumEntryValue: 'decimal',
  avgEntryPrice: 'decimal',
  cumExitValue: 'decimal',
  avgExitPrice: 'decimal',
  closedPnl: 'decimal',
  fillCount: 'integer',
  leverage: 'decimal',
  openFee: 'decimal',
  closeFee: 'decimal',
  createdTime: 'timestamp',
  updatedTime: 'timestamp',
}

const READER = new ItemReader({
  ...optionalFields(VALUES),
  symbol: { field: 'symbol', ...REQUIRED.name },
  orderId: { field: 'orderId', ...REQUIRED.name },
  side: { field: 'side', ...REQUIRED.text },
})

/** Maps a row of closed profit and loss; its category is the query's. */
export const mapClosedPnl: PrivateMapper<ClosedPnl> = (row, { category }) => {
  if (!isWireObject(row)) return refused(fault(null, row, 'must be an object'))
  const read = READER.read(row)
  if (isFault(read)) return refused(read)
  // Sound: the reader fills every field, each by the reader of its kind.
  return [{ ...read.values, category, extra: read.extra } as unknown as ClosedPnl]
}
