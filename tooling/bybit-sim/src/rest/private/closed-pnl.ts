import type { ClosedPosition } from '../../accounts/holdings/account.ts'
import { fixedText, over, rounded } from '../../base/fixed.ts'
import type { WireRow } from '../../base/wire-row.ts'
import type { Query } from '../request/query.ts'
import { keysetPage } from './keyset-page.ts'
import { type PrivateScene, permittedCategory } from './private-endpoint.ts'
import { isAskedFor } from './row-filter.ts'
import { timeWindow } from './time-window.ts'

/** `GET /v5/position/closed-pnl`: what each order closed, newest first; derivatives only. */
export function closedPnl(query: Query, scene: PrivateScene): object {
  const { account, key, now, rules } = scene
  const category = permittedCategory(query, key, ['linear', 'inverse'])
  const { from, until } = timeWindow(query, now)
  const found = [...account.closed.values()].filter(({ order, updatedMs }) => {
    const { instrument } = order.terms.desk
    const isDue = updatedMs >= from && updatedMs <= Math.min(until, now - rules.historyLagMs)
    return isDue && instrument.category === category && isAskedFor(instrument, query)
  })
  const page = keysetPage(
    found,
    {
      placeOf: ({ order, updatedMs }) => ({ id: order.terms.orderId, timeMs: updatedMs }),
      rowOf,
    },
    query,
    query.limit(50, 100),
  )
  return { nextPageCursor: page.nextPageCursor, category, list: page.list }
}

function rowOf(closed: ClosedPosition): WireRow {
  const { order, closedSize, entryValue, exitValue } = closed
  const { terms } = order
  const isInverse = terms.desk.instrument.category === 'inverse'
  const average = (value: bigint): string =>
    fixedText(rounded(isInverse ? over(closedSize, value) : over(value, closedSize)))
  return {
    symbol: terms.desk.instrument.symbol,
    orderType: terms.orderType,
    leverage: fixedText(terms.account.leg(terms.desk, terms.positionIdx).leverage),
    updatedTime: String(closed.updatedMs),
    side: terms.side,
    orderId: terms.orderId,
    closedPnl: fixedText(closed.pnl),
    openFee: fixedText(closed.openFee),
    closeFee: fixedText(closed.closeFee),
    avgEntryPrice: average(entryValue),
    qty: fixedText(order.qty),
    cumEntryValue: fixedText(entryValue),
    createdTime: String(closed.createdMs),
    orderPrice: fixedText(order.price),
    closedSize: fixedText(closedSize),
    avgExitPrice: average(exitValue),
    execType: closed.execType,
    fillCount: String(closed.fillCount),
    cumExitValue: fixedText(exitValue),
  }
}
