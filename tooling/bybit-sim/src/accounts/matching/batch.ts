import type { WireRow } from '../../base/wire-row.ts'
import type { Desk } from '../../market/desk.ts'
import type { Account, AccountOrder } from '../holdings/account.ts'
import type { Execution } from '../orders/execution.ts'
import { orderRow } from '../rows/order-row.ts'

/** What happened to one account in one event, to be reported. */
export interface AccountNews {
  readonly account: Account
  readonly executions: Execution[]
  readonly orders: { readonly desk: Desk; readonly row: WireRow }[]
  /** Instruments whose position is reported, changed or not. */
  readonly positions: Set<Desk>
  /** Coins whose balance changed. */
  readonly coins: Set<string>
}

/** What happened in one event, by account. */
export class Batch {
  readonly #news = new Map<Account, AccountNews>()

  /** One entry for each account that something happened to. */
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

  /** Reports an order's present state, and with it the position of its symbol. */
  reportOrder(order: AccountOrder): void {
    const { account, desk } = order.terms
    const row = orderRow(order)
    account.orderHistory.push(row)
    const news = this.of(account)
    news.orders.push({ desk, row })
    if (desk.instrument.category !== 'spot') news.positions.add(desk)
  }
}
