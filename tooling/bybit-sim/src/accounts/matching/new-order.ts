import { type Fixed, fixedOf, over, ZERO } from '../../base/fixed.ts'
import type { Desk } from '../../market/desk.ts'
import type { Account, AccountOrder } from '../holdings/account.ts'
import { Order, type OrderSpec, type Side } from '../orders/order.ts'
import { checkCloses, readLeg, readPrice, readQty } from './read-order.ts'

/** A market order may be filled up to 1/20 (5 %) away from the last price. */
const PROTECTION = 20n

/** Makes an order from its spec; throws `SIM_BAD_INPUT` for a spec that the exchange would refuse. */
export function newOrder(
  account: Account,
  desk: Desk,
  spec: OrderSpec,
  at: { orderId: string; createType: string; lastPrice: Fixed; nowMs: number },
): AccountOrder {
  const qty = readQty(desk, spec.qty)
  const positionIdx = readLeg(account, desk, spec)
  const { side, reduceOnly = false, triggerPrice } = spec
  checkCloses(account, { desk, side, reduceOnly, positionIdx }, qty)
  const terms = {
    account,
    orderId: at.orderId,
    orderLinkId: spec.orderLinkId ?? '',
    desk,
    side,
    orderType: spec.price === undefined ? ('Market' as const) : ('Limit' as const),
    timeInForce: spec.price === undefined ? 'IOC' : (spec.timeInForce ?? 'GTC'),
    reduceOnly,
    positionIdx,
    createType: triggerPrice === undefined ? at.createType : 'CreateByStopOrder',
    triggerPrice: triggerPrice === undefined ? null : readPrice(desk, 'triggerPrice', triggerPrice),
    lastPriceOnCreated: at.lastPrice,
    createdMs: at.nowMs,
  }
  const price =
    spec.price === undefined
      ? protectedPrice(desk, side, at.lastPrice)
      : readPrice(desk, 'price', spec.price)
  return new Order(terms, price, qty)
}

function protectedPrice(desk: Desk, side: Side, last: Fixed): Fixed {
  const { category, tick, priceDecimals } = desk.instrument
  if (category === 'spot') return ZERO
  const step = over(fixedOf(String(tick)), fixedOf(String(10 ** priceDecimals)))
  const limit = side === 'Buy' ? last + last / PROTECTION : last - last / PROTECTION
  return (limit / step) * step
}
