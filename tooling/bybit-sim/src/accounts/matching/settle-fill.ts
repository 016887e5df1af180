import { type Fixed, magnitude, over, rounded, times, ZERO } from '../../base/fixed.ts'
import type { Account, AccountOrder, BalanceChange } from '../holdings/account.ts'
import { type LegChange, tradeValue } from '../holdings/leg.ts'
import type { Execution } from '../orders/execution.ts'
import type { Batch } from './batch.ts'

/** One fill of an order. */
export interface Fill {
  readonly execId: string
  readonly execType: Execution['execType']
  readonly price: Fixed
  readonly qty: Fixed
  readonly isMaker: boolean
  readonly markPrice: Fixed
  readonly seq: number
  readonly timeMs: number
}

const NOTHING: LegChange = { closedSize: ZERO, pnl: ZERO, openFees: ZERO, entryValue: ZERO }

/** Applies a fill to an order, and to its account's position and balances. */
export function settleFill(order: AccountOrder, fill: Fill, batch: Batch): Execution {
  const { account, desk, side, positionIdx } = order.terms
  const { qty, price, timeMs, seq } = fill
  const isSpot = desk.instrument.category === 'spot'
  const feeRate = fill.isMaker ? account.makerFeeRate : account.takerFeeRate
  const value = tradeValue(desk, price, qty)
  const fee = rounded(times(isSpot && side === 'Buy' ? qty : value, feeRate))
  const change = isSpot
    ? NOTHING
    : account.leg(desk, positionIdx).fill(side, qty, price, fee, { ms: timeMs, seq })
  order.cumQty += qty
  order.cumValue += value
  order.cumFee += fee
  order.status = order.cumQty === order.qty ? 'Filled' : 'PartiallyFilled'
  order.updatedMs = timeMs
  const execution: Execution = {
    desk,
    execId: fill.execId,
    execType: fill.execType,
    orderId: order.terms.orderId,
    orderLinkId: order.terms.orderLinkId,
    orderType: order.terms.orderType,
    orderPrice: order.price,
    orderQty: order.qty,
    leavesQty: order.leaves,
    createType: order.terms.createType,
    side,
    price,
    qty,
    value,
    fee,
    feeRate,
    feeCoin: order.feeCoin,
    pnl: change.pnl,
    closedSize: change.closedSize,
    markPrice: fill.markPrice,
    marks: desk.optionMarks,
    isMaker: fill.isMaker,
    seq,
    timeMs,
  }
  recordExecution(account, execution, batch)
  if (isSpot) swapCoins(account, execution, batch)
  else {
    closePosition(order, execution, change)
    const size = account.leg(desk, positionIdx).size
    changeBalance(account, batch, { execution, cashFlow: change.pnl, fee, size })
  }
  return execution
}

/** Records an execution and reports it. */
export function recordExecution(account: Account, execution: Execution, batch: Batch): void {
  account.executions.push(execution)
  batch.of(account).executions.push(execution)
}

/** Changes a balance by a cash flow, funding and a fee, and adds a line to the transaction log. */
export function changeBalance(
  account: Account,
  batch: Batch,
  spec: {
    execution: Execution
    coin?: string
    cashFlow: Fixed
    fee: Fixed
    funding?: Fixed
    size: Fixed
  },
): void {
  const { execution, cashFlow, fee, size, funding = ZERO } = spec
  const coin = account.coin(spec.coin ?? execution.feeCoin)
  const amount = cashFlow + funding - fee
  coin.balance += amount
  coin.cumRealised += execution.desk.instrument.category === 'spot' ? ZERO : amount
  batch.of(account).coins.add(coin.coin)
  account.changes.push({
    id: `${account.uid}_${execution.desk.instrument.symbol}_${execution.seq}`,
    type: TYPES[execution.execType],
    coin: coin.coin,
    execution,
    size,
    funding,
    fee,
    cashFlow,
    balance: coin.balance,
    timeMs: execution.timeMs,
  })
}

const TYPES: { readonly [Type in Execution['execType']]: BalanceChange['type'] } = {
  Trade: 'TRADE',
  Funding: 'SETTLEMENT',
  BustTrade: 'LIQUIDATION',
  AdlTrade: 'ADL',
  Dividend: 'DIVIDEND_SETTLEMENT',
  ForwardSplitSettle: 'FORWARD_SPLIT_SETTLE',
  ReverseSplitSettle: 'REVERSE_SPLIT_SETTLE',
}

function swapCoins(account: Account, execution: Execution, batch: Batch): void {
  const { desk, side, qty, value, fee, feeCoin } = execution
  const { baseCoin, quoteCoin } = desk.instrument
  const isBuy = side === 'Buy'
  const flows: [string, Fixed][] = [
    [baseCoin, isBuy ? qty : -qty],
    [quoteCoin, isBuy ? -value : value],
  ]
  for (const [coin, cashFlow] of flows) {
    changeBalance(account, batch, {
      execution,
      coin,
      cashFlow,
      fee: coin === feeCoin ? fee : ZERO,
      size: ZERO,
    })
  }
}

/** Adds the closed part of a fill to the profit of its order. */
function closePosition(order: AccountOrder, execution: Execution, change: LegChange): void {
  if (change.closedSize === ZERO) return
  const { account, desk, orderId } = order.terms
  const { qty, fee, price, timeMs } = execution
  const closeFee = rounded(times(fee, over(change.closedSize, qty)))
  const pnl = change.pnl - closeFee - change.openFees
  order.closedPnl += pnl
  const before = account.closed.get(orderId)
  account.closed.set(orderId, {
    order,
    execType: execution.execType,
    closedSize: (before?.closedSize ?? ZERO) + change.closedSize,
    entryValue: (before?.entryValue ?? ZERO) + change.entryValue,
    exitValue: (before?.exitValue ?? ZERO) + tradeValue(desk, price, magnitude(change.closedSize)),
    openFee: (before?.openFee ?? ZERO) + change.openFees,
    closeFee: (before?.closeFee ?? ZERO) + closeFee,
    pnl: (before?.pnl ?? ZERO) + pnl,
    fillCount: (before?.fillCount ?? 0) + 1,
    createdMs: before?.createdMs ?? timeMs,
    updatedMs: timeMs,
  })
}
