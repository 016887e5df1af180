import { nowMs } from '@grid/core-events'
import { SimError } from '../../base/errors.ts'
import { fixedOf, ZERO } from '../../base/fixed.ts'
import type { Random } from '../../base/random.ts'
import type { ServerClock } from '../../base/server-clock.ts'
import type { Desk } from '../../market/desk.ts'
import type { Market } from '../../market/market.ts'
import { Account, type AccountOrder, type AccountSpec } from '../holdings/account.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import { Batch } from '../matching/batch.ts'
import type { Matcher } from '../matching/matcher.ts'
import type { PrivateFeed } from '../private/private-feed.ts'

/** All accounts, and the one place where things happen to them; reports each event at its end. */
export class Floor {
  readonly market: Market
  readonly matcher: Matcher
  readonly keys: KeyRing
  readonly feed: PrivateFeed
  readonly #clock: ServerClock
  readonly #random: Random
  readonly #accounts = new Map<string, Account>()
  #batch: Batch | null = null

  constructor(options: {
    market: Market
    matcher: Matcher
    keys: KeyRing
    feed: PrivateFeed
    clock: ServerClock
    random: Random
  }) {
    this.market = options.market
    this.matcher = options.matcher
    this.keys = options.keys
    this.feed = options.feed
    this.#clock = options.clock
    this.#random = options.random
  }

  /** In the order of opening. */
  get accounts(): Account[] {
    return [...this.#accounts.values()]
  }

  /** The number of executions of all accounts so far. */
  get executions(): number {
    return this.accounts.reduce((sum, { executions }) => sum + executions.length, 0)
  }

  /** Epoch milliseconds by the exchange's clock. */
  get now(): number {
    return nowMs(this.#clock)
  }

  /** Opens an account; throws `SIM_BAD_INPUT` for a uid that is taken or not a number. */
  open(spec: AccountSpec): Account {
    const uid = spec.uid ?? String(100_000_000 + this.#random.below(899_999_999))
    if (!/^\d{1,19}$/.test(uid) || this.#accounts.has(uid)) {
      throw new SimError(
        'SIM_BAD_INPUT',
        `${JSON.stringify(uid)} cannot be the uid of a new account`,
      )
    }
    const account = new Account(uid, spec, this.now)
    for (const key of spec.keys ?? [{}]) this.keys.add(uid, key, this.now)
    this.#accounts.set(uid, account)
    return account
  }

  /** Throws `SIM_BAD_INPUT` when there is no such account. */
  account(uid: string): Account {
    const account = this.#accounts.get(uid)
    if (account !== undefined) return account
    throw new SimError('SIM_BAD_INPUT', `there is no account ${uid}`)
  }

  /** Throws `SIM_BAD_INPUT` when the account has no such order. */
  order(uid: string, orderId: string): AccountOrder {
    const order = this.account(uid).orders.get(orderId)
    if (order !== undefined) return order
    throw new SimError('SIM_BAD_INPUT', `account ${uid} has no order ${orderId}`)
  }

  /** Runs an event and reports it to every account concerned; events within events are reported once. */
  happen<Result>(what: (batch: Batch) => Result): Result {
    if (this.#batch !== null) return what(this.#batch)
    const batch = new Batch()
    this.#batch = batch
    try {
      return what(batch)
    } finally {
      this.#batch = null
      for (const news of batch.news) this.feed.report(news)
    }
  }

  /** Adds to a balance, or takes from it. */
  transfer(uid: string, coin: string, amount: string): void {
    const account = this.account(uid)
    const cashFlow = fixedOf(amount)
    const balance = account.coin(coin)
    this.happen((batch) => {
      balance.balance += cashFlow
      account.changes.push({
        id: `${uid}_${coin}_${account.changes.length}`,
        type: cashFlow < ZERO ? 'TRANSFER_OUT' : 'TRANSFER_IN',
        coin,
        execution: null,
        size: ZERO,
        funding: ZERO,
        fee: ZERO,
        cashFlow,
        balance: balance.balance,
        timeMs: this.now,
      })
      batch.of(account).coins.add(coin)
    })
  }

  /** Sets the leverage of a symbol and reports its position. */
  setLeverage(uid: string, desk: Desk, leverage: string): void {
    const account = this.account(uid)
    this.happen((batch) => {
      for (const leg of account.legsOf(desk)) {
        leg.leverage = fixedOf(leverage)
        leg.updatedMs = this.now
      }
      batch.of(account).positions.add(desk)
    })
  }
}
