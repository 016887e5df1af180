import {
  BybitPrivateRestClient,
  type PrivateRestClientOptions,
  type RestCallOptions,
  type RestPages,
} from '@grid/bybit-adapter'
import type {
  Category,
  DeadLetter,
  ExecutionEvent,
  OrderEvent,
  PositionEvent,
  PrivateEvent,
  WalletEvent,
} from '@grid/core-events'
import type { OrderName } from './open-orders.ts'

/** Rows that one or more replies brought. */
export interface ReadRows<Event extends PrivateEvent> {
  readonly events: readonly Event[]
  readonly deadLetters: readonly DeadLetter[]
  /** The exchange's time of the first reply in epoch milliseconds; 0 when it does not say. */
  readonly exchangeTs: number
  /** When the last reply came, in epoch microseconds. */
  readonly localTsUs: number
}

/** An interval of exchange time in epoch milliseconds, both ends inclusive. */
export interface ReadInterval {
  readonly from: number
  readonly to: number
}

/** Takes the rows of one reply. */
export type TakeRows<Event extends PrivateEvent> = (rows: ReadRows<Event>) => Promise<void>

/** Settlement coins of linear contracts: the exchange lists one at a time. */
const SETTLE_COINS = ['USDT', 'USDC'] as const
/** Coins that have options: the exchange lists one at a time. */
const OPTION_COINS = ['BTC', 'ETH', 'SOL', 'XRP', 'DOGE', 'MNT'] as const
/** Codes of replies that will not change: this key, account or coin may not read the endpoint. */
const NOT_FOR_US: ReadonlySet<unknown> = new Set(['PERMISSION_DENIED', 'ACCOUNT_MODE', 'REFUSED'])
/** Lower than that of repairs, which fill gaps. */
const SNAPSHOT_PRIORITY = 4

/**
 * Reads an account over REST. A category that the key may not read is reported and skipped; a list
 * that ends early is an error.
 */
export class AccountReader {
  readonly #client: BybitPrivateRestClient
  readonly #onDenied: (category: Category, reason: string) => void

  constructor(
    options: PrivateRestClientOptions,
    onDenied: (category: Category, reason: string) => void,
  ) {
    this.#client = new BybitPrivateRestClient(options)
    this.#onDenied = onDenied
  }

  /** The present wallet. */
  async wallet(signal: AbortSignal): Promise<ReadRows<WalletEvent>> {
    const options = { signal, priority: SNAPSHOT_PRIORITY } as const
    const { items, deadLetters, exchangeTs, localTsUs } = await this.#client.walletBalance(
      {},
      options,
    )
    return { events: items, deadLetters, exchangeTs: exchangeTs ?? 0, localTsUs }
  }

  /** Every open leg of a category. */
  positions(
    category: Exclude<Category, 'spot'>,
    signal: AbortSignal,
  ): Promise<ReadRows<PositionEvent>> {
    const options = { signal, priority: SNAPSHOT_PRIORITY } as const
    return this.#whole(category, (coin) => this.#client.positions({ category, ...coin }, options))
  }

  /** Every open order of a category. */
  openOrders(category: Category, signal: AbortSignal): Promise<ReadRows<OrderEvent>> {
    const options = { signal, priority: SNAPSHOT_PRIORITY } as const
    return this.#whole(category, (coin) => this.#client.openOrders({ category, ...coin }, options))
  }

  /** One order as it is now; no event when the exchange has forgotten it. */
  async order(
    { category, orderId }: OrderName,
    signal: AbortSignal,
  ): Promise<ReadRows<OrderEvent>> {
    const options = { signal, priority: SNAPSHOT_PRIORITY } as const
    const closed = await collected(this.#client.orderHistory({ category, orderId }, options))
    if (closed.events.length + closed.deadLetters.length > 0) return closed
    return collected(this.#client.openOrders({ category, orderId }, options))
  }

  /** Reads every execution of an interval; false when the exchange did not give them all. */
  async executions(
    category: Category,
    interval: ReadInterval,
    take: TakeRows<ExecutionEvent>,
    options: RestCallOptions,
  ): Promise<boolean> {
    const coins = category === 'option' ? OPTION_COINS.map((baseCoin) => ({ baseCoin })) : [{}]
    let isWhole = true
    for (const coin of coins) {
      const list = () => this.#client.executions({ category, ...coin, ...interval }, options)
      isWhole = (await this.#orDenied(category, () => taken(list(), take))) === true && isWhole
    }
    return isWhole
  }

  /** Reads the last state of every order that ended in an interval; false when some were not given. */
  async orders(
    category: Category,
    interval: ReadInterval,
    take: TakeRows<OrderEvent>,
    options: RestCallOptions,
  ): Promise<boolean> {
    const list = () => this.#client.orderHistory({ category, ...interval }, options)
    return (await this.#orDenied(category, () => taken(list(), take))) === true
  }

  /** Reads a whole list, for linear by settlement coin. */
  async #whole<Event extends PrivateEvent>(
    category: Category,
    list: (coin: { readonly settleCoin?: string }) => RestPages<Event>,
  ): Promise<ReadRows<Event>> {
    const coins = category === 'linear' ? SETTLE_COINS.map((settleCoin) => ({ settleCoin })) : [{}]
    let whole: ReadRows<Event> | null = null
    for (const coin of coins) {
      const rows = await this.#orDenied(category, () => collected(list(coin)))
      // Time 0, so that nothing counts as absent from a list that lacks a part.
      if (rows === null) return { ...NOTHING, ...whole, exchangeTs: 0 }
      whole = whole === null ? rows : joined(whole, rows)
    }
    return whole ?? NOTHING
  }

  async #orDenied<Result>(category: Category, read: () => Promise<Result>): Promise<Result | null> {
    try {
      return await read()
    } catch (error) {
      const { code, message, retryable } = error as {
        readonly code?: unknown
        readonly message: string
        readonly retryable?: boolean
      }
      // A passing failure denies nothing: it is tried again.
      if (!NOT_FOR_US.has(code) || retryable === true) throw error
      this.#onDenied(category, message)
      return null
    }
  }
}

const NOTHING = { events: [], deadLetters: [], exchangeTs: 0, localTsUs: 0 } as const

/**
 * Hands over a list page by page. False when a part of it is older than the exchange's history; throws
 * when the list ends early for another reason.
 */
async function taken<Event extends PrivateEvent>(
  pages: RestPages<Event>,
  take: TakeRows<Event>,
): Promise<boolean> {
  const iterator = pages[Symbol.asyncIterator]()
  for (;;) {
    const { done, value } = await iterator.next()
    if (done) {
      if (value === 'last_page' || value === 'beyond_history') return value === 'last_page'
      throw new Error(`the list ended early: ${value}`)
    }
    const { items, deadLetters, exchangeTs, localTsUs } = value
    await take({ events: items, deadLetters, exchangeTs: exchangeTs ?? 0, localTsUs })
  }
}

async function collected<Event extends PrivateEvent>(
  pages: RestPages<Event>,
): Promise<ReadRows<Event>> {
  let all: ReadRows<Event> | null = null
  await taken(pages, async (rows) => {
    all = all === null ? rows : joined(all, rows)
  })
  return all ?? NOTHING
}

function joined<Event extends PrivateEvent>(
  a: ReadRows<Event>,
  b: ReadRows<Event>,
): ReadRows<Event> {
  return {
    events: [...a.events, ...b.events],
    deadLetters: [...a.deadLetters, ...b.deadLetters],
    exchangeTs: Math.min(a.exchangeTs, b.exchangeTs),
    localTsUs: Math.max(a.localTsUs, b.localTsUs),
  }
}
