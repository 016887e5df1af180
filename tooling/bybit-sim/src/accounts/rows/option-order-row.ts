import type { WireRow } from '../../base/wire-row.ts'

/** The keys of an option's order, in the documented order. */
const KEYS: readonly string[] = [
  ...['symbol', 'orderId', 'side', 'orderType', 'cancelType', 'price', 'qty', 'orderIv'],
  ...['timeInForce', 'orderStatus', 'orderLinkId', 'lastPriceOnCreated', 'reduceOnly'],
  ...['leavesQty', 'leavesValue', 'cumExecQty', 'cumExecValue', 'avgPrice', 'blockTradeId'],
  ...['positionIdx', 'cumExecFee', 'closedPnl', 'createdTime', 'updatedTime', 'rejectReason'],
  ...['stopOrderType', 'tpslMode', 'triggerPrice', 'takeProfit', 'stopLoss', 'tpTriggerBy'],
  ...['slTriggerBy', 'tpLimitPrice', 'slLimitPrice', 'triggerDirection', 'triggerBy'],
  ...['closeOnTrigger', 'category', 'placeType', 'smpType', 'smpGroup', 'smpOrderId'],
  ...['feeCurrency', 'cumFeeDetail', 'rpiTakerAccess', 'rpiMatchedQty'],
]

/** An order's row in the form of options: once the order has ended, `leavesQty` is empty, not zero. */
export function optionOrderRow(row: WireRow, isOpen: boolean): WireRow {
  const full: WireRow = {
    ...row,
    ...(isOpen ? {} : { leavesQty: '', leavesValue: '' }),
    ...{ lastPriceOnCreated: '', tpslMode: '', tpLimitPrice: '', slLimitPrice: '' },
    placeType: 'price',
  }
  return Object.fromEntries(KEYS.map((key) => [key, full[key]]))
}
