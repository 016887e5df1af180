import { SimError } from '../../base/errors.ts'
import { type Fixed, fixedOf, magnitude, ONE, times, ZERO } from '../../base/fixed.ts'
import type { Desk } from '../../market/desk.ts'
import { type Leg, tradeValue } from '../holdings/leg.ts'
import { changeBalance, recordExecution } from '../matching/settle-fill.ts'
import type { Execution } from '../orders/execution.ts'
import type { Floor } from './floor.ts'

/** What a company decides about the stock of a contract. */
export type CorporateAction =
  /** An amount for each share, which longs get and shorts pay. */
  | { readonly kind: 'dividend'; readonly amount: string }
  /** How many shares there are for each one before: 2 is forward, 0.5 is reverse. */
  | { readonly kind: 'split'; readonly ratio: string }

/** Applies it to every open position in a contract. */
export function applyCorporateAction(floor: Floor, desk: Desk, action: CorporateAction): void {
  const value = fixedOf(action.kind === 'dividend' ? action.amount : action.ratio)
  if (value <= ZERO) throw new SimError('SIM_BAD_INPUT', `a ${action.kind} must be more than 0`)
  floor.happen((batch) => {
    for (const account of floor.accounts) {
      for (const leg of account.legsOf(desk)) {
        if (leg.size === ZERO) continue
        const cashFlow = action.kind === 'dividend' ? times(leg.size, value) : ZERO
        const size = action.kind === 'split' ? times(leg.size, value) : leg.size
        const execution = executionOf(floor, leg, {
          orderId: `${account.uid}-${leg.positionIdx}-${floor.now}`,
          execType: execTypeOf(action, value),
          qty: action.kind === 'split' ? magnitude(size - leg.size) : magnitude(leg.size),
          pnl: cashFlow,
        })
        recordExecution(account, execution, batch)
        leg.size = size
        leg.realise(cashFlow)
        leg.seq = execution.seq
        leg.updatedMs = execution.timeMs
        changeBalance(account, batch, { execution, cashFlow, fee: ZERO, size })
        batch.of(account).positions.add(desk)
      }
    }
  })
}

function execTypeOf({ kind }: CorporateAction, value: Fixed): Execution['execType'] {
  if (kind === 'dividend') return 'Dividend'
  return value > ONE ? 'ForwardSplitSettle' : 'ReverseSplitSettle'
}

function executionOf(
  floor: Floor,
  { desk, size }: Leg,
  what: Pick<Execution, 'orderId' | 'execType' | 'qty' | 'pnl'>,
): Execution {
  const { timeMs, seq } = floor.matcher.moment(desk)
  const price = floor.matcher.lastPrice(desk)
  return {
    desk,
    execId: floor.matcher.nextId(desk),
    ...what,
    orderLinkId: '',
    orderType: 'UNKNOWN',
    orderPrice: ZERO,
    orderQty: ZERO,
    leavesQty: ZERO,
    createType: '',
    side: size > ZERO ? 'Buy' : 'Sell',
    price,
    value: tradeValue(desk, price, what.qty),
    fee: ZERO,
    feeRate: ZERO,
    feeCoin: desk.instrument.settleCoin,
    closedSize: ZERO,
    markPrice: price,
    marks: null,
    isMaker: false,
    seq,
    timeMs,
  }
}
