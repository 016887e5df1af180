import type { Category } from '@grid/core-events'
import { type Fixed, fixedOf, ZERO } from '../../base/fixed.ts'
import type { WireRow } from '../../base/wire-row.ts'
import type { Desk } from '../../market/desk.ts'
import type { ApiKeySpec } from '../keys/api-key.ts'
import type { Execution } from '../orders/execution.ts'
import type { Order, PositionIdx } from '../orders/order.ts'
import { CoinBalance } from './coin-balance.ts'
import { Leg } from './leg.ts'

/** Whether a symbol has one position (`one-way`), or a long and a short one at once (`hedge`). */
export type PositionMode = 'one-way' | 'hedge'

/** How an account is opened; everything has a default. Decimals are texts. */
export interface AccountSpec {
  /** Digits only; drawn from the seed when left out. */
  readonly uid?: string
  /** Default `one-way`. */
  readonly positionMode?: PositionMode
  /** By coin. Default: 1,000,000 USDT. */
  readonly balances?: Readonly<Record<string, string>>
  /** Default 0.0002; a negative rate pays the maker. */
  readonly makerFeeRate?: string
  /** Default 0.00055. */
  readonly takerFeeRate?: string
  /** Default 10. */
  readonly leverage?: string
  /** Default: one HMAC key with all permissions. */
  readonly keys?: readonly ApiKeySpec[]
}

/** An order of an account. */
export type AccountOrder = Order<Account>

/** A change of a balance and its cause. */
export interface BalanceChange {
  readonly id: string
  readonly type:
    | 'TRADE'
    | 'SETTLEMENT'
    | 'LIQUIDATION'
    | 'ADL'
    | 'DIVIDEND_SETTLEMENT'
    | 'FORWARD_SPLIT_SETTLE'
    | 'REVERSE_SPLIT_SETTLE'
    | 'TRANSFER_IN'
    | 'TRANSFER_OUT'
  readonly coin: string
  /** Null for a transfer. */
  readonly execution: Execution | null
  /** Size of the position afterwards, negative when short. */
  readonly size: Fixed
  readonly funding: Fixed
  readonly fee: Fixed
  readonly cashFlow: Fixed
  readonly balance: Fixed
  readonly timeMs: number
}

/** What one order closed, summed over its fills. */
export interface ClosedPosition {
  readonly order: AccountOrder
  readonly execType: string
  readonly closedSize: Fixed
  readonly entryValue: Fixed
  readonly exitValue: Fixed
  readonly openFee: Fixed
  readonly closeFee: Fixed
  readonly pnl: Fixed
  readonly fillCount: number
  readonly createdMs: number
  readonly updatedMs: number
}

/** One account: what it holds, and its whole history. */
export class Account {
  readonly uid: string
  readonly createdMs: number
  readonly positionMode: PositionMode
  readonly makerFeeRate: Fixed
  readonly takerFeeRate: Fixed
  readonly leverage: Fixed
  /** In the order of placing. */
  readonly orders: Map<string, AccountOrder> = new Map()
  /** Every state of every order that was reported, in order. */
  readonly orderHistory: WireRow[] = []
  readonly executions: Execution[] = []
  readonly changes: BalanceChange[] = []
  readonly closed: Map<string, ClosedPosition> = new Map()
  readonly coins: Map<string, CoinBalance> = new Map()
  /** Instruments whose legs were reported. Asking for a leg creates it, so others may exist. */
  readonly reportedDesks = new Set<Desk>()
  readonly #legs = new Map<string, Leg>()
  /** Orders that may be open; an ended one is removed when it is next seen. */
  readonly #open = new Set<AccountOrder>()

  constructor(uid: string, spec: AccountSpec, nowMs: number) {
    this.uid = uid
    this.createdMs = nowMs
    this.positionMode = spec.positionMode ?? 'one-way'
    this.makerFeeRate = fixedOf(spec.makerFeeRate ?? '0.0002')
    this.takerFeeRate = fixedOf(spec.takerFeeRate ?? '0.00055')
    this.leverage = fixedOf(spec.leverage ?? '10')
    for (const [coin, amount] of Object.entries(spec.balances ?? { USDT: '1000000' })) {
      this.coins.set(coin, new CoinBalance(coin, fixedOf(amount)))
    }
  }

  /** Every leg that was ever requested, flat ones among them. */
  get legs(): Leg[] {
    return [...this.#legs.values()]
  }

  /** The legs of a symbol: one, or in hedge mode the long and the short one. */
  legsOf(desk: Desk): Leg[] {
    const idxs: PositionIdx[] = this.positionMode === 'hedge' ? [1, 2] : [0]
    return idxs.map((idx) => this.leg(desk, idx))
  }

  /** A leg; creates it, flat, on first use. */
  leg(desk: Desk, idx: PositionIdx): Leg {
    const key = `${desk.instrument.category} ${desk.instrument.symbol} ${idx}`
    let leg = this.#legs.get(key)
    if (leg === undefined) {
      leg = new Leg(desk, idx, this.leverage, this.createdMs)
      this.#legs.set(key, leg)
    }
    return leg
  }

  coin(name: string): CoinBalance {
    let balance = this.coins.get(name)
    if (balance === undefined) {
      balance = new CoinBalance(name, ZERO)
      this.coins.set(name, balance)
    }
    return balance
  }

  add(order: AccountOrder): void {
    this.orders.set(order.terms.orderId, order)
    this.#open.add(order)
  }

  /** The open orders of a symbol, oldest first. */
  openOrders(category: Category, symbol: string): AccountOrder[] {
    return [...this.#open].filter((order) => {
      const { instrument } = order.terms.desk
      if (!order.isOpen) this.#open.delete(order)
      return order.isOpen && instrument.category === category && instrument.symbol === symbol
    })
  }
}
