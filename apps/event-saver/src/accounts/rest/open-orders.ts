import type { Category, OrderEvent } from '@grid/core-events'

/** Statuses after which an order can still change. */
const OPEN: ReadonlySet<string> = new Set(['New', 'PartiallyFilled', 'Untriggered', 'Triggered'])
/** A list that is this young may not know yet what an order's last message told. */
const SETTLE_MS = 1000

/** An order to be asked for by its id. */
export type OrderName = Pick<OrderEvent, 'category' | 'orderId'>

/** Remembers which orders of an account are open, to see which of them a list leaves out. */
export class OpenOrders {
  readonly #open = new Map<string, OrderEvent>()
  readonly #closed = new Set<string>()

  /** Takes a state of an order; one that was closed stays so, whatever comes late. */
  note(order: OrderEvent): void {
    const key = keyOf(order)
    if (!OPEN.has(order.orderStatus)) {
      this.#open.delete(key)
      this.#closed.add(key)
      if (this.#closed.size > MOST_CLOSED) this.#closed.delete(first(this.#closed))
    } else if (!this.#closed.has(key)) {
      const known = this.#open.get(key)
      if (known === undefined || known.exchangeTs <= order.exchangeTs) this.#open.set(key, order)
    }
  }

  /** Forgets an order of which nothing can be learned any more. */
  forget(name: OrderName): void {
    this.#open.delete(keyOf(name))
  }

  /** Orders thought to be open that a whole list of a category's open orders leaves out. */
  absent(category: Category, listed: readonly OrderEvent[], listedTs: number): OrderName[] {
    return this.#unlisted(category, listed).filter(
      (order) => order.exchangeTs < listedTs - SETTLE_MS,
    )
  }

  /** Whether no order is left out of a list that is too young to tell; true of one without a time. */
  isSettled(category: Category, listed: readonly OrderEvent[], listedTs: number): boolean {
    const isYoung = (order: OrderEvent): boolean => order.exchangeTs >= listedTs - SETTLE_MS
    return listedTs === 0 || !this.#unlisted(category, listed).some(isYoung)
  }

  #unlisted(category: Category, listed: readonly OrderEvent[]): OrderEvent[] {
    const keys = new Set(listed.map(keyOf))
    return [...this.#open.values()].filter(
      (order) => order.category === category && !keys.has(keyOf(order)),
    )
  }
}

/** Orders whose late states are told from news. */
const MOST_CLOSED = 10_000

function keyOf({ category, orderId }: OrderName): string {
  return `${category} ${orderId}`
}

function first(keys: ReadonlySet<string>): string {
  for (const key of keys) return key
  return ''
}
