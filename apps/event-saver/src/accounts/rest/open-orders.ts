import { believableTs, type Category, type OrderEvent } from '@grid/core-events'

/** Statuses of orders that cannot change any more. One that is not known here does not say so. */
const CLOSED: ReadonlySet<string> = new Set([
  'Cancelled',
  'Deactivated',
  'Filled',
  'PartiallyFilledCanceled',
  'Rejected',
])
/** Statuses of orders that are known to be open. */
const OPEN: ReadonlySet<string> = new Set(['New', 'PartiallyFilled', 'Untriggered', 'Triggered'])
/** A list may lack a change of an order that happened less than this before the list. */
const SETTLE_MS = 1000

/** What an order is read by. */
export type OrderName = Pick<OrderEvent, 'category' | 'orderId'>

/** When a list was made. */
type ListStamp = Pick<OrderEvent, 'exchangeTs' | 'localTsUs'>

/** Remembers which orders of an account are open, and finds those that a list leaves out. */
export class OpenOrders {
  readonly #open = new Map<string, OrderEvent>()
  readonly #closed = new Set<string>()

  /** Remembers a state of an order. A closed order stays closed, as older states may arrive late. */
  note(order: OrderEvent): void {
    const key = keyOf(order)
    if (CLOSED.has(order.orderStatus)) this.#close(key)
    else if (!this.#closed.has(key)) {
      const known = this.#open.get(key)
      if (known === undefined || believableTs(known) <= believableTs(order))
        this.#open.set(key, order)
    }
  }

  /**
   * Takes what the exchange told of an absent order. A status that is not known here is its last one, as an open order
   * is listed: else it would be asked for with each list.
   */
  noteAbsent(order: OrderEvent): void {
    this.note(order)
    if (!OPEN.has(order.orderStatus)) this.#close(keyOf(order))
  }

  #close(key: string): void {
    this.#open.delete(key)
    this.#closed.add(key)
    if (this.#closed.size > MOST_CLOSED) this.#closed.delete(first(this.#closed))
  }

  /** Forgets an order that the exchange has forgotten. */
  forget(name: OrderName): void {
    this.#open.delete(keyOf(name))
  }

  /** The orders that were open and are absent from a whole list of a category's open orders. */
  absent(category: Category, listed: readonly OrderEvent[], stamp: ListStamp): OrderName[] {
    const listedTs = believableTs(stamp)
    return this.#unlisted(category, listed).filter(
      (order) => believableTs(order) < listedTs - SETTLE_MS,
    )
  }

  /**
   * False when an order is absent that changed too shortly before the list to be listed; always true of
   * a list without a time.
   */
  isSettled(category: Category, listed: readonly OrderEvent[], stamp: ListStamp): boolean {
    const listedTs = believableTs(stamp)
    const isYoung = (order: OrderEvent): boolean => believableTs(order) >= listedTs - SETTLE_MS
    return listedTs === 0 || !this.#unlisted(category, listed).some(isYoung)
  }

  #unlisted(category: Category, listed: readonly OrderEvent[]): OrderEvent[] {
    const keys = new Set(listed.map(keyOf))
    return [...this.#open.values()].filter(
      (order) => order.category === category && !keys.has(keyOf(order)),
    )
  }
}

/** How many closed orders are remembered, so that a late state does not open them again. */
const MOST_CLOSED = 10_000

function keyOf({ category, orderId }: OrderName): string {
  return `${category} ${orderId}`
}

function first(keys: ReadonlySet<string>): string {
  for (const key of keys) return key
  return ''
}
