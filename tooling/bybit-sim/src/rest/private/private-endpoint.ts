import type { Category } from '@grid/core-events'
import type { Account } from '../../accounts/holdings/account.ts'
import type { MarketPrices } from '../../accounts/holdings/market-prices.ts'
import { type ApiKey, mayRead, type PermissionGroup } from '../../accounts/keys/api-key.ts'
import { groupOf } from '../../accounts/private/private-topic.ts'
import type { RestScene } from '../request/endpoint.ts'
import type { Query } from '../request/query.ts'
import { RestRefusal } from '../request/refusal.ts'

/** What signed endpoints answer from. */
export interface PrivateScene extends RestScene {
  readonly account: Account
  readonly key: ApiKey
  readonly prices: MarketPrices
}

/** An endpoint that only answers signed requests. */
export interface PrivateEndpoint {
  /** Requests a second that one account may make. */
  readonly limit: number
  /** The `retMsg` of a success, which differs between endpoints. */
  readonly retMsg: string
  readonly answer: (query: Query, scene: PrivateScene) => object
}

/** Throws 10005 unless the key has a permission of one of these groups. */
export function needPermission(key: ApiKey, groups: readonly PermissionGroup[]): void {
  if (mayRead(key, groups)) return
  throw new RestRefusal(10005, 'Permission denied, please check your API key permissions.')
}

/** The category of a request; throws 10005 unless the key may read it. */
export function permittedCategory(
  query: Query,
  key: ApiKey,
  known?: readonly Category[],
): Category {
  const category = query.category(known)
  needPermission(key, [groupOf(category)])
  return category
}
