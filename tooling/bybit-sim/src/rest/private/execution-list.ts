import { restExecutionRow } from '../../accounts/rows/execution-row.ts'
import type { Query } from '../request/query.ts'
import { keysetPage } from './keyset-page.ts'
import { type PrivateScene, permittedCategory } from './private-endpoint.ts'
import { isAskedFor } from './row-filter.ts'
import { ALWAYS, timeWindow } from './time-window.ts'

/** `GET /v5/execution/list`: newest first; a request that names an order ignores all other filters. */
export function executionList(query: Query, scene: PrivateScene): object {
  const { account, key, market, now, rules } = scene
  const category = permittedCategory(query, key)
  const orderId = query.text('orderId')
  const orderLinkId = query.text('orderLinkId')
  const isNamed = orderId !== '' || orderLinkId !== ''
  const { from, until } = isNamed ? ALWAYS : timeWindow(query, now)
  if (!isNamed) query.desk(market, category)
  const execType = query.text('execType')
  const found = account.executions.filter((execution) => {
    const { instrument } = execution.desk
    if (instrument.category !== category) return false
    if (execution.timeMs > now - rules.historyLagMs) return false
    if (orderId !== '') return execution.orderId === orderId
    if (orderLinkId !== '') return execution.orderLinkId === orderLinkId
    if (execution.timeMs < from || execution.timeMs > until) return false
    return isAskedFor(instrument, query) && (execType === '' || execution.execType === execType)
  })
  const page = keysetPage(
    found,
    {
      placeOf: ({ execId: id, timeMs }) => ({ id, timeMs }),
      rowOf: restExecutionRow,
      isUnsettled: true,
    },
    query,
    query.limit(50, 100),
  )
  return { nextPageCursor: page.nextPageCursor, category, list: page.list }
}
