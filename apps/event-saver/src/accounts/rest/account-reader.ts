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

/** Coins that linear contracts are settled in: the exchange wants one named. */
const SETTLE_COINS = ['USDT', 'USDC'] as const
/** Coins that have options: the exchange tells of one at a time. */
const OPTION_COINS = ['BTC', 'ETH', 'SOL', 'XRP', 'DOGE', 'MNT'] as const
/** What an endpoint says that has nothing for this key, account or coin, however often it is asked. */
const NOT_FOR_US: ReadonlySet<unknown> = new Set(['PERMISSION_DENIED', 'ACCOUNT_MODE', 'REFUSED'])
/** After repairs, which what was missed waits for. */
const SNAPSHOT_PRIORITY = 4

/**
 * Reads an account over REST. A category that the exchange does not let this key read is passed
 * over, and told of; lists that end early are errors.
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

  /** The wallet as it is. */
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

  /** One order as it is now; no event when the exchange knows it no more. */
  async order(
    { category, orderId }: OrderName,
    signal: AbortSignal,
  ): Promise<ReadRows<OrderEvent>> {
    const options = { signal, priority: SNAPSHOT_PRIORITY } as const
    const closed = await collected(this.#client.orderHistory({ category, orderId }, options))
    if (closed.events.length + closed.deadLetters.length > 0) return closed
    return collected(this.#client.openOrders({ category, orderId }, options))
  }

  /** Every execution of an interval; gives whether the exchange gave them all. */
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

  /** Every order that ended in an interval, as it ended; gives whether the exchange gave them all. */
  async orders(
    category: Category,
    interval: ReadInterval,
    take: TakeRows<OrderEvent>,
    options: RestCallOptions,
  ): Promise<boolean> {
    const list = () => this.#client.orderHistory({ category, ...interval }, options)
    return (await this.#orDenied(category, () => taken(list(), take))) === true
  }

  /** A list that is given in full, for linear by settlement coin. */
  async #whole<Event extends PrivateEvent>(
    category: Category,
    list: (coin: { readonly settleCoin?: string }) => RestPages<Event>,
  ): Promise<ReadRows<Event>> {
    const coins = category === 'linear' ? SETTLE_COINS.map((settleCoin) => ({ settleCoin })) : [{}]
    let whole: ReadRows<Event> | null = null
    for (const coin of coins) {
      const rows = await this.#orDenied(category, () => collected(list(coin)))
      // Of a list that cannot be had nothing may be thought absent.
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
      // What passes is asked again: it denies nothing for good.
      if (!NOT_FOR_US.has(code) || retryable === true) throw error
      this.#onDenied(category, message)
      return null
    }
  }
}

const NOTHING = { events: [], deadLetters: [], exchangeTs: 0, localTsUs: 0 } as const

/**
 * Hands over page by page; throws when the exchange does not give all pages. False when some of what
 * was asked for is older than the exchange's history, and cannot be had from anywhere.
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
