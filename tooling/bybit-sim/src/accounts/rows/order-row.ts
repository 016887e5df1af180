import { fixedText, ZERO } from '../../base/fixed.ts'
import type { WireRow } from '../../base/wire-row.ts'
import type { AccountOrder } from '../holdings/account.ts'
import { tradeValue } from '../holdings/leg.ts'
import { amountText, hasCreateType, isSpot, priceDigits, sizeDigits } from './digits.ts'
import { optionOrderRow } from './option-order-row.ts'

/** A row of the `order` topics: the order as it is now. */
export function orderRow(order: AccountOrder): WireRow {
  const row = plainOrderRow(order)
  return row['category'] === 'option' ? optionOrderRow(row, order.isOpen) : row
}

function plainOrderRow(order: AccountOrder): WireRow {
  const { terms } = order
  const { desk } = terms
  const spot = isSpot(desk)
  const none = spot ? priceDigits(desk, ZERO) : ''
  const trigger = terms.triggerPrice
  return {
    category: desk.instrument.category,
    symbol: desk.instrument.symbol,
    orderId: terms.orderId,
    orderLinkId: terms.orderLinkId,
    blockTradeId: '',
    side: terms.side,
    positionIdx: terms.positionIdx,
    orderStatus: order.status,
    cancelType: order.cancelType,
    rejectReason: order.rejectReason,
    timeInForce: terms.timeInForce,
    isLeverage: spot ? '0' : '',
    price: order.price === ZERO ? '0' : priceDigits(desk, order.price),
    qty: sizeDigits(desk, order.qty),
    avgPrice: order.averagePrice === null ? '' : fixedText(order.averagePrice),
    leavesQty: sizeDigits(desk, order.leaves),
    leavesValue: amountText(desk, leavesValue(order)),
    cumExecQty: sizeDigits(desk, order.cumQty),
    cumExecValue: amountText(desk, order.cumValue),
    cumExecFee: fixedText(order.cumFee),
    orderType: terms.orderType,
    stopOrderType: trigger === null ? '' : 'Stop',
    orderIv: '',
    triggerPrice: trigger === null ? none : priceDigits(desk, trigger),
    takeProfit: none,
    stopLoss: none,
    triggerBy: trigger === null ? '' : 'LastPrice',
    tpTriggerBy: '',
    slTriggerBy: '',
    triggerDirection: triggerDirection(order),
    placeType: '',
    lastPriceOnCreated: priceDigits(desk, terms.lastPriceOnCreated),
    closeOnTrigger: false,
    reduceOnly: terms.reduceOnly,
    smpGroup: 0,
    smpType: 'None',
    smpOrderId: '',
    ...(spot ? {} : { slLimitPrice: '0', tpLimitPrice: '0', tpslMode: 'UNKNOWN' }),
    ...(hasCreateType(desk) ? { createType: terms.createType } : {}),
    marketUnit: '',
    createdTime: String(terms.createdMs),
    updatedTime: String(order.updatedMs),
    feeCurrency: '',
    closedPnl: fixedText(order.closedPnl),
    parentOrderLinkId: '',
    slippageTolerance: '0',
    slippageToleranceType: 'UNKNOWN',
    cumFeeDetail: order.cumFee === ZERO ? {} : { [order.feeCoin]: fixedText(order.cumFee) },
    rpiTakerAccess: false,
    rpiMatchedQty: '0',
  }
}

/** The keys of `order/realtime` and `order/history`, in the order of a recorded reply. */
const REST_KEYS: readonly string[] = [
  ...['symbol', 'orderType', 'orderLinkId', 'slLimitPrice', 'orderId', 'cancelType', 'avgPrice'],
  ...['stopOrderType', 'lastPriceOnCreated', 'orderStatus', 'createType', 'takeProfit'],
  ...['cumExecValue', 'tpslMode', 'smpType', 'triggerDirection', 'blockTradeId', 'isLeverage'],
  ...['rejectReason', 'price', 'orderIv', 'createdTime', 'tpTriggerBy', 'positionIdx'],
  ...['timeInForce', 'leavesValue', 'updatedTime', 'side', 'smpGroup', 'triggerPrice'],
  ...['tpLimitPrice', 'cumExecFee', 'leavesQty', 'slTriggerBy', 'closeOnTrigger', 'placeType'],
  ...['cumExecQty', 'reduceOnly', 'qty', 'stopLoss', 'marketUnit', 'smpOrderId', 'triggerBy'],
  ...['closedPnl', 'parentOrderLinkId', 'slippageTolerance', 'slippageToleranceType'],
  ...['cumFeeDetail', 'rpiTakerAccess', 'rpiMatchedQty'],
]

/** A row of `order/realtime` and `order/history`. */
export function restOrderRow(order: AccountOrder): WireRow {
  const row: WireRow = { ...orderRow(order), ...(isSpot(order.terms.desk) ? {} : { tpslMode: '' }) }
  const keys = REST_KEYS.filter((key) => key in row)
  return Object.fromEntries(keys.map((key) => [key, row[key]]))
}

function leavesValue(order: AccountOrder) {
  const { leaves, price, terms } = order
  return price === ZERO || leaves === ZERO ? ZERO : tradeValue(terms.desk, price, leaves)
}

/** 1 triggers on a rise, 2 on a fall, 0 means no trigger. */
function triggerDirection({ terms }: AccountOrder): number {
  if (terms.triggerPrice === null) return 0
  return terms.triggerPrice > terms.lastPriceOnCreated ? 1 : 2
}
