import type { Category, PrivateEvent } from '@grid/core-events'

/** Which private events to keep; what is left out keeps all. Others are discarded as `filtered`. */
export interface PrivateFilter {
  /** Wallets have no category, and are kept. */
  readonly categories?: readonly Category[]
  /** Of executions. */
  readonly execTypes?: readonly string[]
  /** Of executions and orders. */
  readonly orderTypes?: readonly string[]
}

/**
 * What the Python system before this one kept. It hides fundings, liquidations and market orders,
 * without which no balance can be explained.
 */
export const PREDECESSOR_FILTER: PrivateFilter = {
  categories: ['linear'],
  execTypes: ['Trade'],
  orderTypes: ['Limit'],
}

/** Whether a filter keeps an event. */
export function isKept(
  { categories, execTypes, orderTypes }: PrivateFilter,
  event: PrivateEvent,
): boolean {
  if (event.channel === 'wallet') return true
  if (categories?.includes(event.category) === false) return false
  if (event.channel === 'position') return true
  if (orderTypes?.includes(event.orderType ?? '') === false) return false
  return event.channel === 'order' || execTypes?.includes(event.execType ?? '') !== false
}
