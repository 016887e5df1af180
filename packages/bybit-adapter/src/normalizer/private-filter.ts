import type { Category, PrivateEvent } from '@grid/core-events'

/** Which private events to keep; the others are discarded as `filtered`. A list left out keeps all. */
export interface PrivateFilter {
  /** Wallets have no category and are always kept. */
  readonly categories?: readonly Category[]
  /** Applies to executions. */
  readonly execTypes?: readonly string[]
  /** Applies to executions and orders. */
  readonly orderTypes?: readonly string[]
}

/**
 * What the Python system before this one kept. It leaves out fundings, liquidations and market orders,
 * so balances cannot be explained by what it keeps.
 */
export const PREDECESSOR_FILTER: PrivateFilter = {
  categories: ['linear'],
  execTypes: ['Trade'],
  orderTypes: ['Limit'],
}

/**
 * Whether a filter keeps an event.
 *
 * @example
 * isKept(PREDECESSOR_FILTER, execution) // false for a funding
 */
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
