import type { WireRow } from '../../base/wire-row.ts'
import type { Desk } from '../../market/desk.ts'
import type { Account, AccountOrder } from '../holdings/account.ts'
import type { Execution } from '../orders/execution.ts'
import { orderRow } from '../rows/order-row.ts'

/** What happened to one account at once, and is to be told. */
export interface AccountNews {
  readonly account: Account
  readonly executions: Execution[]
  readonly orders: { readonly desk: Desk; readonly row: WireRow }[]
  /** Markets whose position is to be told, changed or not. */
  readonly positions: Set<Desk>
  /** Coins whose balance changed. */
  readonly coins: Set<string>
}

/** What happened at once, by account. */
export class Batch {
  readonly #news = new Map<Account, AccountNews>()

  /** Every account that something happened to. */
  get news(): AccountNews[] {
    return [...this.#news.values()]
  }

  of(account: Account): AccountNews {
    let news = this.#news.get(account)
    if (news === undefined) {
      news = { account, executions: [], orders: [], positions: new Set(), coins: new Set() }
      this.#news.set(account, news)
    }
    return news
  }

  /** Tells an order's state of this moment, and its symbol's position with it. */
  tellOrder(order: AccountOrder): void {
    const { account, desk } = order.terms
    const row = orderRow(order)
    account.orderHistory.push(row)
    const news = this.of(account)
    news.orders.push({ desk, row })
    if (desk.instrument.category !== 'spot') news.positions.add(desk)
  }
}
