import type { Category } from '@grid/core-events'
import { fixedOf } from '../base/fixed.ts'
import type { ExchangeRules } from '../base/rules.ts'
import type { WireRow } from '../base/wire-row.ts'
import type { TradingBot, TradingBotSpec } from './bot/trading-bot.ts'
import { applyCorporateAction, type CorporateAction } from './floor/corporate-action.ts'
import type { Floor } from './floor/floor.ts'
import { forceClose, payFunding } from './floor/forced.ts'
import type { AccountSpec, PositionMode } from './holdings/account.ts'
import type { MarketPrices } from './holdings/market-prices.ts'
import type { ApiKey, ApiKeySpec } from './keys/api-key.ts'
import type { ApiKeyChanges } from './keys/key-ring.ts'
import type { OrderSpec, PositionIdx } from './orders/order.ts'
import type { PrivateMessage } from './private/private-feed.ts'
import type { PrivateCategory, PrivateKind } from './private/private-topic.ts'
import { type AccountBooks, booksOf } from './rows/account-books.ts'
import { eventExecutionRow, eventOrderRow, eventPositionRow } from './rows/event-contract-rows.ts'

/** An account and its API keys. */
export interface AccountInfo {
  readonly uid: string
  readonly positionMode: PositionMode
  /** In the order of their creation, without revoked ones. */
  readonly keys: readonly ApiKey[]
}

/** A position of an account. */
export interface PositionRef {
  /** Default `linear`. */
  readonly category?: Category
  readonly symbol: string
  /** Default 0. */
  readonly positionIdx?: PositionIdx
}

/**
 * The private half of the exchange, steered by hand: accounts, keys, orders, and what happens to them.
 *
 * Every call takes effect at once on the private sockets of the accounts that it concerns, in REST and
 * in `books`. Throws `SIM_BAD_INPUT` for what the exchange would refuse. Decimals are texts.
 *
 * @example
 * const { uid, keys } = sim.exchange.openAccount()
 * const orderId = sim.exchange.placeOrder(uid, { symbol: 'BTCUSDT', side: 'Buy', qty: '0.01' })
 * sim.exchange.books(uid).executions[0]?.orderId // orderId
 */
export class AccountExchange {
  readonly #floor: Floor
  readonly #prices: MarketPrices
  readonly #rules: ExchangeRules
  readonly #makeBot: (spec: TradingBotSpec) => TradingBot
  #bot: TradingBot | null = null

  constructor(options: {
    floor: Floor
    prices: MarketPrices
    rules: ExchangeRules
    makeBot: (spec: TradingBotSpec) => TradingBot
  }) {
    this.#floor = options.floor
    this.#prices = options.prices
    this.#rules = options.rules
    this.#makeBot = options.makeBot
  }

  /** Opens an account, by default with 1,000,000 USDT and one key that may read everything. */
  openAccount(spec: AccountSpec = {}): AccountInfo {
    return this.#info(this.#floor.open(spec).uid)
  }

  /** Every account, in the order in which they were opened. */
  accounts(): AccountInfo[] {
    return this.#floor.accounts.map(({ uid }) => this.#info(uid))
  }

  /** Creates another key of an account. */
  createKey(uid: string, spec: ApiKeySpec = {}): ApiKey {
    this.#floor.account(uid)
    return this.#floor.keys.add(uid, spec, this.#floor.now)
  }

  /** Revokes a key. Connections that it opened stay open, unless `rules.closeRevoked` is on. */
  revokeKey(apiKey: string): void {
    const uid = this.#floor.keys.find(apiKey)?.uid ?? ''
    this.#floor.keys.revoke(apiKey)
    if (!this.#rules.closeRevoked) return
    for (const connection of this.#floor.feed.sessions(uid)) {
      if (connection.session?.apiKey === apiKey) void connection.close(1000, '')
    }
  }

  /** Changes a key's permissions, addresses or expiry. */
  changeKey(apiKey: string, changes: ApiKeyChanges): ApiKey {
    return this.#floor.keys.change(apiKey, changes)
  }

  /** Places an order; gives its id. */
  placeOrder(uid: string, spec: OrderSpec): string {
    const account = this.#floor.account(uid)
    return this.#floor.happen((batch) => this.#floor.matcher.place(account, spec, batch)).terms
      .orderId
  }

  /** Changes an open order's price or quantity. */
  amendOrder(uid: string, orderId: string, changes: { price?: string; qty?: string }): void {
    const order = this.#floor.order(uid, orderId)
    this.#floor.happen((batch) => this.#floor.matcher.amend(order, batch, changes))
  }

  /** Cancels an order; for one that is already filled it reports `Filled` again, as after a race. */
  cancelOrder(uid: string, orderId: string): void {
    const order = this.#floor.order(uid, orderId)
    this.#floor.happen((batch) => this.#floor.matcher.cancel(order, batch))
  }

  /** Fills a resting order: by default all of it, at its own price. */
  fillOrder(uid: string, orderId: string, fill: { qty?: string; price?: string } = {}): void {
    const order = this.#floor.order(uid, orderId)
    const qty = fill.qty === undefined ? order.leaves : fixedOf(fill.qty)
    const price = fill.price === undefined ? order.price : fixedOf(fill.price)
    this.#floor.happen((batch) => this.#floor.matcher.fill(order, batch, qty, price))
  }

  /** Triggers a conditional order. */
  triggerOrder(uid: string, orderId: string): void {
    const order = this.#floor.order(uid, orderId)
    this.#floor.happen((batch) => this.#floor.matcher.trigger(order, batch))
  }

  /** Liquidates a position; the symbol's orders are cancelled first. */
  liquidate(uid: string, { category = 'linear', symbol, positionIdx = 0 }: PositionRef): void {
    const desk = this.#floor.market.desk(category, symbol)
    forceClose(this.#floor, this.#floor.account(uid), desk, positionIdx, 'liquidation')
  }

  /** Closes a position by auto-deleveraging; the symbol's orders are cancelled first. */
  deleverage(uid: string, { category = 'linear', symbol, positionIdx = 0 }: PositionRef): void {
    const desk = this.#floor.market.desk(category, symbol)
    forceClose(this.#floor, this.#floor.account(uid), desk, positionIdx, 'adl')
  }

  /** Settles a symbol's funding for every account with a position in it. */
  payFunding(spec: { category?: Category; symbol: string; rate: string }): void {
    const desk = this.#floor.market.desk(spec.category ?? 'linear', spec.symbol)
    payFunding(this.#floor, desk, fixedOf(spec.rate))
  }

  /**
   * Pays a dividend or splits the stock of a contract, for every account with a position in it.
   *
   * @example
   * sim.exchange.corporateAction({ symbol: 'TSLAUSDT' }, { kind: 'split', ratio: '3' })
   */
  corporateAction(
    { category = 'linear', symbol }: Omit<PositionRef, 'positionIdx'>,
    action: CorporateAction,
  ): void {
    applyCorporateAction(this.#floor, this.#floor.market.desk(category, symbol), action)
  }

  /**
   * Buys an Event Contract: its order and execution come on the topics of all categories and on
   * `order.event` and `execution.event`, its position on `position.event`. The books do not have it.
   */
  buyEventContract(uid: string, symbol = 'BTC-UPDOWN-1D'): void {
    const { feed, now } = this.#floor
    const { length } = feed.recent(this.#floor.account(uid).uid)
    const id = `${now}-${length}`
    const fill = { symbol, orderId: `ec-${id}`, execId: `ece-${id}`, timeMs: now, seq: length + 1 }
    const messages = [
      ['order', eventOrderRow(fill)],
      ['execution', eventExecutionRow(fill)],
      ['position', eventPositionRow(fill)],
    ] as const
    for (const [kind, row] of messages) {
      feed.send(uid, { kind, category: 'event', id: `${uid}_${kind}_${id}`, rows: [row] })
    }
  }

  /** Adds an amount to a balance; a negative amount takes from it. */
  transfer(uid: string, coin: string, amount: string): void {
    this.#floor.transfer(uid, coin, amount)
  }

  /** Sets a symbol's leverage and reports its position. */
  setLeverage(uid: string, ref: Omit<PositionRef, 'positionIdx'>, leverage: string): void {
    const desk = this.#floor.market.desk(ref.category ?? 'linear', ref.symbol)
    this.#floor.setLeverage(uid, desk, leverage)
  }

  /** Runs several calls as one event: their rows for one account share messages. */
  together(what: () => void): void {
    this.#floor.happen(what)
  }

  /** Sends an account's last messages again, unchanged, of one kind or of all; gives how many. */
  redeliver(uid: string, options: { kind?: PrivateKind; count?: number } = {}): number {
    return this.#floor.feed.redeliver(uid, options.kind ?? null, options.count ?? 1)
  }

  /**
   * Sends an account a message with rows of any content, such as keys and values that nobody knows
   * yet. It changes no state and does not appear in the books.
   */
  tell(
    uid: string,
    message: {
      kind: PrivateKind
      category: PrivateCategory | null
      id?: string
      rows: readonly WireRow[]
    },
  ): PrivateMessage {
    this.#floor.account(uid)
    return this.#floor.feed.send(uid, { id: '', ...message })
  }

  /** The last 200 messages of an account, oldest first. */
  messages(uid: string): readonly PrivateMessage[] {
    return this.#floor.feed.recent(this.#floor.account(uid).uid)
  }

  /** Starts a bot that trades for accounts, until `stopBot`. */
  startBot(spec: TradingBotSpec = {}): void {
    this.stopBot()
    this.#bot = this.#makeBot(spec)
    this.#bot.start()
  }

  /** Stops the bot; its open orders stay. */
  stopBot(): void {
    this.#bot?.stop()
  }

  /** The truth about one account. */
  books(uid: string): AccountBooks {
    return booksOf(this.#floor.account(uid), this.#prices)
  }

  #info(uid: string): AccountInfo {
    const { positionMode } = this.#floor.account(uid)
    return { uid, positionMode, keys: this.#floor.keys.keysOf(uid) }
  }
}
