import { SimError } from '../../base/errors.ts'
import { type Fixed, fixedText, magnitude, rounded, times, ZERO } from '../../base/fixed.ts'
import type { Desk } from '../../market/desk.ts'
import type { Account } from '../holdings/account.ts'
import { type Leg, tradeValue } from '../holdings/leg.ts'
import { changeBalance, recordExecution } from '../matching/settle-fill.ts'
import type { Execution } from '../orders/execution.ts'
import type { PositionIdx } from '../orders/order.ts'
import type { Floor } from './floor.ts'

/** How the rows of a forced close are worded. */
const FORCED = {
  liquidation: {
    cancelType: 'CancelAllBeforeLiq',
    status: 'Liq',
    createType: 'CreateByLiq',
    execType: 'BustTrade',
  },
  adl: {
    cancelType: 'CancelAllBeforeAdl',
    status: 'Adl',
    createType: 'CreateByAdl_PassThrough',
    execType: 'AdlTrade',
  },
} as const

/** Cancels a symbol's orders, then closes the position at the market. */
export function forceClose(
  floor: Floor,
  account: Account,
  desk: Desk,
  idx: PositionIdx,
  why: keyof typeof FORCED,
): void {
  const { cancelType, status, createType, execType } = FORCED[why]
  const { category, symbol } = desk.instrument
  const leg = account.leg(desk, idx)
  if (leg.size === ZERO) throw new SimError('SIM_BAD_INPUT', `there is no position in ${symbol}`)
  floor.happen((batch) => {
    for (const order of account.openOrders(category, symbol)) {
      floor.matcher.cancel(order, batch, cancelType)
    }
    leg.status = status
    batch.of(account).positions.add(desk)
  })
  floor.happen((batch) => {
    const spec = {
      category,
      symbol,
      side: leg.size > ZERO ? ('Sell' as const) : ('Buy' as const),
      qty: fixedText(magnitude(leg.size)),
      positionIdx: idx,
      reduceOnly: true,
    }
    leg.status = 'Normal'
    floor.matcher.place(account, spec, batch, { createType, execType })
  })
}

/** Settles a symbol's funding for every open position: longs pay a positive rate, shorts get it. */
export function payFunding(floor: Floor, desk: Desk, rate: Fixed): void {
  floor.happen((batch) => {
    const { timeMs, seq } = floor.matcher.moment(desk)
    const price = floor.matcher.lastPrice(desk)
    for (const account of floor.accounts) {
      for (const leg of account.legsOf(desk)) {
        if (leg.size === ZERO) continue
        const execution = fundingOf(floor, account, leg, { price, rate, timeMs, seq })
        recordExecution(account, execution, batch)
        leg.realise(-execution.fee)
        leg.seq = seq
        leg.updatedMs = timeMs
        const spec = { execution, cashFlow: ZERO, fee: ZERO, funding: -execution.fee }
        changeBalance(account, batch, { ...spec, size: leg.size })
        batch.of(account).positions.add(desk)
      }
    }
  })
}

function fundingOf(
  floor: Floor,
  account: Account,
  leg: Leg,
  at: { price: Fixed; rate: Fixed; timeMs: number; seq: number },
): Execution {
  const { desk } = leg
  const qty = magnitude(leg.size)
  const value = tradeValue(desk, at.price, qty)
  const paid = rounded(times(value, at.rate))
  return {
    desk,
    execId: floor.matcher.nextId(desk),
    execType: 'Funding',
    orderId: `${account.uid}-${leg.positionIdx}-${at.timeMs}`,
    orderLinkId: '',
    orderType: 'UNKNOWN',
    orderPrice: ZERO,
    orderQty: ZERO,
    leavesQty: ZERO,
    createType: '',
    side: leg.size > ZERO ? 'Buy' : 'Sell',
    price: at.price,
    qty,
    value,
    fee: leg.size > ZERO ? paid : -paid,
    feeRate: at.rate,
    feeCoin: desk.instrument.settleCoin,
    pnl: ZERO,
    closedSize: ZERO,
    markPrice: at.price,
    marks: null,
    isMaker: false,
    seq: at.seq,
    timeMs: at.timeMs,
  }
}
