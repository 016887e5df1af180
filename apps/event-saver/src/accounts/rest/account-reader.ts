import {
  BybitPrivateRestClient,
  type PrivateRestClientOptions,
  type RestCallOptions,
  type RestPages,
} from '@grid/bybit-adapter'
import {
  CATEGORIES,
  type Category,
  type Clock,
  type DeadLetter,
  type ExecutionEvent,
  nowMs,
  type OrderEvent,
  type PositionEvent,
  type PrivateEvent,
  type WalletEvent,
} from '@grid/core-events'
import type { CoinSource } from './listed-coins.ts'
import type { OrderName } from './open-orders.ts'
import type { SeenInstruments } from './seen-instruments.ts'

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

/** How a history is read. */
export type ReadOptions = RestCallOptions & { readonly signal: AbortSignal }

/** Takes the rows of one reply. */
export type TakeRows<Event extends PrivateEvent> = (rows: ReadRows<Event>) => Promise<void>

/** Codes of replies that will not change: this key, account or coin may not read the endpoint. */
const NOT_FOR_US: ReadonlySet<unknown> = new Set(['PERMISSION_DENIED', 'ACCOUNT_MODE', 'REFUSED'])
/** Lower than that of repairs, which fill gaps. */
const SNAPSHOT_PRIORITY = 4
/** A list of the present is asked for the coins that were listed at most this long ago. */
const LISTING_AGE_MS = 600_000

/** What a reader needs beside its client's options. */
export interface AccountReaderOptions extends PrivateRestClientOptions {
  readonly clock: Clock
  readonly coins: CoinSource
  /** In what the account was seen to trade. */
  readonly seen: SeenInstruments
  /** Told of a category that the key may not read. */
  readonly onDenied: (category: Category, reason: string) => void
}

/** What to ask a list for, one after another, and whether together that is all of a category. */
interface Scopes {
  readonly each: readonly {
    readonly baseCoin?: string
    readonly settleCoin?: string
    readonly symbol?: string
  }[]
  readonly isWhole: boolean
}

const EVERYTHING: Scopes = { each: [{}], isWhole: true }

/**
 * Reads an account over REST. A category that the key may not read is reported and skipped; a list
 * that ends early is an error.
 *
 * The exchange gives options by base coin, and positions and open orders of linear contracts by
 * settlement coin. Which coins to ask for is learnt from its instruments and from what the account
 * traded; while the instruments cannot be read, neither can the account.
 */
export class AccountReader {
  readonly #client: BybitPrivateRestClient
  readonly #options: Pick<AccountReaderOptions, 'clock' | 'coins' | 'seen' | 'onDenied'>

  constructor({ coins, seen, onDenied, ...place }: AccountReaderOptions) {
    this.#client = new BybitPrivateRestClient(place)
    this.#options = { clock: place.clock, coins, seen, onDenied }
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
    return this.#whole(category, signal, (scope) =>
      this.#client.positions({ category, ...scope }, options),
    )
  }

  /** Every open order of a category. */
  openOrders(category: Category, signal: AbortSignal): Promise<ReadRows<OrderEvent>> {
    const options = { signal, priority: SNAPSHOT_PRIORITY } as const
    return this.#whole(category, signal, (scope) =>
      this.#client.openOrders({ category, ...scope }, options),
    )
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
    options: ReadOptions,
  ): Promise<boolean> {
    return this.#history(category, interval, options, (scope) =>
      taken(this.#client.executions({ category, ...scope, ...interval }, options), take),
    )
  }

  /** Reads the last state of every order that ended in an interval; false when some were not given. */
  async orders(
    category: Category,
    interval: ReadInterval,
    take: TakeRows<OrderEvent>,
    options: ReadOptions,
  ): Promise<boolean> {
    return this.#history(category, interval, options, (scope) =>
      taken(this.#client.orderHistory({ category, ...scope, ...interval }, options), take),
    )
  }

  /**
   * Whether the exchange listed nothing at a time but instruments of some categories: in others the
   * account may have traded as well.
   */
  async covers(
    categories: readonly Category[],
    asOfMs: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    for (const category of CATEGORIES) {
      if (categories.includes(category)) continue
      const { symbols, isWhole } = await this.#options.coins.listed(category, asOfMs, signal)
      if (symbols.size > 0 || !isWhole) return false
    }
    return true
  }

  /** Reads a list of the present as a whole. */
  async #whole<Event extends PrivateEvent>(
    category: Category,
    signal: AbortSignal,
    list: (scope: Scopes['each'][number]) => RestPages<Event>,
  ): Promise<ReadRows<Event>> {
    const asOfMs = nowMs(this.#options.clock) - LISTING_AGE_MS
    const scopes =
      category === 'linear'
        ? await this.#linearScopes(asOfMs, signal)
        : await this.#scopes(category, asOfMs, signal)
    let whole: ReadRows<Event> | null = null
    for (const scope of scopes.each) {
      const rows = await this.#orDenied(category, () => collected(list(scope)))
      // Time 0, so that nothing counts as absent from a list that lacks a part.
      if (rows === null) return { ...NOTHING, ...whole, exchangeTs: 0 }
      whole = whole === null ? rows : joined(whole, rows)
    }
    return scopes.isWhole ? (whole ?? NOTHING) : { ...NOTHING, ...whole, exchangeTs: 0 }
  }

  /** Reads an interval of a history; false when some of it was not asked for or not given. */
  async #history(
    category: Category,
    { to }: ReadInterval,
    { signal }: ReadOptions,
    read: (scope: Scopes['each'][number]) => Promise<boolean>,
  ): Promise<boolean> {
    const scopes = await this.#scopes(category, to, signal)
    let { isWhole } = scopes
    for (const scope of scopes.each) {
      isWhole = (await this.#orDenied(category, () => read(scope))) === true && isWhole
    }
    return isWhole
  }

  /** Of options one list a base coin; of other categories one list of everything. */
  async #scopes(category: Category, asOfMs: number, signal: AbortSignal): Promise<Scopes> {
    if (category !== 'option') return EVERYTHING
    const { coins, seen } = this.#options
    const listed = await coins.listed('option', asOfMs, signal)
    const names = new Set([...listed.coins, ...seen.optionCoins])
    // Where no options are listed, the exchange's default shows whether the key may read them.
    if (names.size === 0) names.add('BTC')
    const each = [...names].map((baseCoin) => ({ baseCoin }))
    return { each, isWhole: listed.isWhole }
  }

  /** Of linear contracts one list a settlement coin, and one of each contract that is listed no more. */
  async #linearScopes(asOfMs: number, signal: AbortSignal): Promise<Scopes> {
    const { coins, seen } = this.#options
    const listed = await coins.listed('linear', asOfMs, signal)
    const gone = [...seen.linear].filter((symbol) => !listed.symbols.has(symbol))
    const each = [
      ...[...listed.coins].map((settleCoin) => ({ settleCoin })),
      ...gone.map((symbol) => ({ symbol })),
    ]
    return { each, isWhole: listed.isWhole }
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
      this.#options.onDenied(category, message)
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
