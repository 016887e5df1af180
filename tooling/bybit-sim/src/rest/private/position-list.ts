import { restPositionRow } from '../../accounts/rows/position-row.ts'
import { ZERO } from '../../base/fixed.ts'
import type { Query } from '../request/query.ts'
import { badParameter } from '../request/refusal.ts'
import { type PrivateScene, permittedCategory } from './private-endpoint.ts'
import { isAskedFor } from './row-filter.ts'

/**
 * `GET /v5/position/list`: for a symbol every leg, flat or not; for a coin the open legs. The cursor is
 * the number of the next row.
 */
export function positionList(query: Query, scene: PrivateScene): object {
  const { account, key, market, prices } = scene
  const category = permittedCategory(query, key, ['linear', 'inverse', 'option'])
  const desk = query.desk(market, category)
  if (category === 'linear' && desk === undefined && query.text('settleCoin') === '') {
    throw badParameter(
      'params error: Missing some parameters that must be filled in, symbol or settleCoin',
    )
  }
  const legs =
    desk === undefined
      ? account.legs.filter(
          (leg) =>
            leg.size !== ZERO &&
            leg.desk.instrument.category === category &&
            isAskedFor(leg.desk.instrument, query),
        )
      : account.legsOf(desk)
  const limit = query.limit(20, 200)
  const [, from = '0'] = /^page_args=(\d+)$/.exec(query.text('cursor')) ?? []
  const rest = legs.slice(Number(from))
  const next = rest.length > limit ? encodeURIComponent(`page_args=${Number(from) + limit}`) : ''
  return {
    list: rest.slice(0, limit).map((leg) => restPositionRow(leg, prices.mark(leg.desk))),
    nextPageCursor: next,
    category,
  }
}
