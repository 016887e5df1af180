import { fixedText, ZERO } from '../../base/fixed.ts'
import type { WireRow } from '../../base/wire-row.ts'
import type { Execution } from '../orders/execution.ts'
import { amountText, hasCreateType, isSpot, priceDigits, sizeDigits } from './digits.ts'

/** A row of the `execution` topics. */
export function executionRow(execution: Execution): WireRow {
  const { desk, marks } = execution
  const { category, symbol } = desk.instrument
  const tail = isSpot(desk)
    ? { marketUnit: '', execPnl: '', extraFees: '', feeCurrency: execution.feeCoin }
    : {
        marketUnit: '',
        execPnl: fixedText(execution.pnl),
        ...(hasCreateType(desk) ? { createType: execution.createType } : {}),
        extraFees: '',
        feeCurrency: execution.feeCoin,
      }
  return {
    category,
    symbol,
    closedSize: isSpot(desk) ? '' : fixedText(execution.closedSize),
    execFee: fixedText(execution.fee),
    execId: execution.execId,
    execPrice: priceDigits(desk, execution.price),
    execQty: sizeDigits(desk, execution.qty),
    execType: execution.execType,
    execValue: amountText(desk, execution.value),
    feeRate: fixedText(execution.feeRate),
    tradeIv: marks?.iv ?? '',
    markIv: marks?.markIv ?? '',
    blockTradeId: '',
    markPrice: isSpot(desk) ? '' : fixedText(execution.markPrice),
    indexPrice: marks?.indexPrice ?? '',
    underlyingPrice: marks?.indexPrice ?? '',
    leavesQty: sizeDigits(desk, execution.leavesQty),
    orderId: execution.orderId,
    orderLinkId: execution.orderLinkId,
    orderPrice: orderPrice(execution),
    orderQty: sizeDigits(desk, execution.orderQty),
    orderType: execution.orderType,
    stopOrderType: isSpot(desk) ? '' : 'UNKNOWN',
    side: execution.side,
    execTime: String(execution.timeMs),
    isLeverage: '0',
    isMaker: execution.isMaker,
    seq: execution.seq,
    ...tail,
  }
}

/** A row of the `execution.fast` topics: without fees, and for a maker without `orderLinkId`. */
export function fastExecutionRow(execution: Execution): WireRow {
  const { desk } = execution
  return {
    category: desk.instrument.category,
    symbol: desk.instrument.symbol,
    execId: execution.execId,
    execPrice: priceDigits(desk, execution.price),
    execQty: sizeDigits(desk, execution.qty),
    orderId: execution.orderId,
    isMaker: execution.isMaker,
    orderLinkId: execution.isMaker ? '' : execution.orderLinkId,
    side: execution.side,
    execTime: String(execution.timeMs),
    seq: execution.seq,
  }
}

/** A row of `execution/list`: without `isLeverage`, `execPnl` and `marketUnit`. */
export function restExecutionRow(execution: Execution): WireRow {
  const row = executionRow(execution)
  const created = hasCreateType(execution.desk) ? { createType: execution.createType } : {}
  const pick = (...names: string[]): WireRow =>
    Object.fromEntries(names.map((name) => [name, row[name]]))
  return {
    ...pick('symbol', 'orderType', 'underlyingPrice', 'orderLinkId', 'side', 'indexPrice'),
    ...pick('orderId', 'stopOrderType', 'leavesQty', 'execTime', 'feeCurrency', 'isMaker'),
    ...pick('execFee', 'feeRate', 'execId', 'tradeIv', 'blockTradeId', 'markPrice', 'execPrice'),
    ...pick('markIv', 'orderQty', 'orderPrice', 'execValue', 'execType', 'execQty', 'closedSize'),
    ...pick('extraFees', 'seq'),
    ...created,
  }
}

function orderPrice({ desk, orderPrice }: Execution): string {
  return orderPrice === ZERO ? '0' : priceDigits(desk, orderPrice)
}
