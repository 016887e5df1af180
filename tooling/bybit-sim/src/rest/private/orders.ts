import type { Category } from '@grid/core-events'
import type { AccountOrder } from '../../accounts/holdings/account.ts'
import { restOrderRow } from '../../accounts/rows/order-row.ts'
import { ZERO } from '../../base/fixed.ts'
import type { Query } from '../request/query.ts'
import { badParameter, RestRefusal } from '../request/refusal.ts'
import { type KeysetPage, keysetPage } from './keyset-page.ts'
import { type PrivateScene, permittedCategory } from './private-endpoint.ts'
import { isAskedFor } from './row-filter.ts'
import { ALWAYS, timeWindow } from './time-window.ts'

/** How many closed orders `order/realtime` gives. */
const RECENTLY_CLOSED = 500
const FINAL = [...['Filled', 'Cancelled', 'PartiallyFilledCanceled', 'Rejected', 'Deactivated']]

/**
 * `GET /v5/order/realtime`, newest first: open orders; with `openOnly=1` the last 500 closed ones;
 * with an id an order of either kind.
 */
export function realtimeOrders(query: Query, scene: PrivateScene): object {
  const { key, market } = scene
  const category = permittedCategory(query, key)
  const isNamed = hasId(query)
  const isNarrow = ['symbol', 'baseCoin', 'settleCoin'].some((name) => query.text(name) !== '')
  if (category === 'linear' && !isNarrow && !isNamed) {
    throw badParameter(
      'params error: Missing some parameters that must be filled in, symbol or settleCoin or baseCoin',
    )
  }
  if (!isNamed) query.desk(market, category)
  const orders = ordersOf(scene, category)
  const open = orders.filter(({ isOpen }) => isOpen)
  const closed = orders.filter(({ isOpen }) => !isOpen).slice(-RECENTLY_CLOSED)
  const chosen = query.text('openOnly') === '1' ? closed : open
  const found = isNamed
    ? [...open, ...closed].filter((order) => isNamedIn(order, query))
    : chosen.filter(({ terms }) => isAskedFor(terms.desk.instrument, query))
  const kind = query.text('orderFilter')
  const page = pageOf(
    found.filter((order) => isOfKind(order, kind)),
    query,
  )
  return { nextPageCursor: page.nextPageCursor, category, list: page.list }
}

/** `GET /v5/order/history`: closed orders by the time when they were placed, newest first. */
export function orderHistory(query: Query, scene: PrivateScene): object {
  const { key, market, now, rules } = scene
  const category = permittedCategory(query, key)
  const isNamed = hasId(query)
  const { from, until } = isNamed ? ALWAYS : timeWindow(query, now)
  if (!isNamed) query.desk(market, category)
  const status = query.text('orderStatus')
  if (status !== '' && !FINAL.includes(status)) {
    throw new RestRefusal(181017, 'orderStatus must be a final status')
  }
  const kind = query.text('orderFilter')
  const found = ordersOf(scene, category).filter((order) => {
    const { terms } = order
    if (order.isOpen || order.updatedMs > now - rules.historyLagMs) return false
    if (order.cumQty === ZERO && order.updatedMs < now - rules.unfilledOrdersMs) return false
    if (isNamed) return isNamedIn(order, query)
    if (terms.createdMs < from || terms.createdMs > until) return false
    if (status !== '' && order.status !== status) return false
    return isAskedFor(terms.desk.instrument, query) && isOfKind(order, kind)
  })
  const page = pageOf(found, query)
  return { nextPageCursor: page.nextPageCursor, category, list: page.list }
}

function ordersOf({ account }: PrivateScene, category: Category): AccountOrder[] {
  return [...account.orders.values()].filter(
    ({ terms }) => terms.desk.instrument.category === category,
  )
}

function hasId(query: Query): boolean {
  return query.text('orderId') !== '' || query.text('orderLinkId') !== ''
}

function isNamedIn({ terms }: AccountOrder, query: Query): boolean {
  const orderId = query.text('orderId')
  return orderId === ''
    ? terms.orderLinkId === query.text('orderLinkId')
    : terms.orderId === orderId
}

function isOfKind({ terms }: AccountOrder, kind: string): boolean {
  if (kind === '') return true
  return (kind === 'StopOrder') === (terms.triggerPrice !== null)
}

function pageOf(orders: readonly AccountOrder[], query: Query): KeysetPage {
  return keysetPage(
    orders,
    {
      placeOf: ({ terms }) => ({ id: terms.orderId, timeMs: terms.createdMs }),
      rowOf: restOrderRow,
    },
    query,
    query.limit(20, 50),
  )
}
