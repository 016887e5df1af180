import {
  BybitPrivateRestClient,
  type PrivateRestClientOptions,
  type RestCallOptions,
  type RestPages,
} from '@grid/bybit-adapter'
import {
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
import { type Completeness, together } from './completeness.ts'
import type { CoinSource, ListedTime } from './listed-coins.ts'
import type { OrderName } from './open-orders.ts'
import { isExplained, isLasting, isOfName, orUnknown } from './refusals.ts'
import { baseCoinOf, type SeenInstruments } from './seen-instruments.ts'

/** Rows that one or more replies brought. */
export interface ReadRows<Event extends PrivateEvent> {
  readonly events: readonly Event[]
  readonly deadLetters: readonly DeadLetter[]
  /** The exchange's time of the first reply in epoch milliseconds; 0 when it does not say. */
  readonly exchangeTs: number
  /** When the last reply came, in epoch microseconds. */
  readonly localTsUs: number
}

/** Rows of a list of the present. */
export interface ListedRows<Event extends PrivateEvent> extends ReadRows<Event> {
  /** Whether the list was asked for an instrument: only then does its absence say something. */
  readonly isAsked: (symbol: string) => boolean
}

/** An interval of exchange time in epoch milliseconds, both ends inclusive. */
export interface ReadInterval {
  readonly from: number
  readonly to: number
}

/** How a history is read. */
export type ReadOptions = RestCallOptions & { readonly signal: AbortSignal }

/** What an account has of an instrument. */
type InstrumentEvent = ExecutionEvent | OrderEvent | PositionEvent

/** Takes the rows of one reply. */
export type TakeRows<Event extends PrivateEvent> = (rows: ReadRows<Event>) => Promise<void>

/** Lower than that of repairs, which fill gaps. */
const SNAPSHOT_PRIORITY = 4
/** A list of the present is asked for the coins that were listed at most this long ago. */
const LISTING_AGE_MS = 600_000
/**
 * A list of instruments tells of the time before it as well, for this long: an option's coin is listed
 * until its last series is delivered.
 */
const BEFORE_LISTING_MS = 86_400_000

/** What a reader needs beside its client's options. */
export interface AccountReaderOptions extends PrivateRestClientOptions {
  readonly clock: Clock
  readonly coins: CoinSource
  /** In what the account was seen to trade. */
  readonly seen: SeenInstruments
  /** Told of a category that the key may not read. */
  readonly onDenied: (category: Category, reason: string) => void
  /** Told whether a list of the present, such as `spot orders`, could be read. */
  readonly onListed: (list: string, isRead: boolean) => void
}

/** What to ask a list for. */
interface Scope {
  readonly baseCoin?: string
  readonly settleCoin?: string
  readonly symbol?: string
}

/** What to ask a list for, one after another. */
interface Scopes {
  readonly each: readonly Scope[]
  /** What is not listed now: the exchange may not know its name any more. */
  readonly gone: readonly Scope[]
  readonly isAsked: (symbol: string) => boolean
  /** Whether that is all of a category. */
  readonly completeness: Completeness
}

const EVERYTHING: Scopes = { each: [{}], gone: [], isAsked: () => true, completeness: 'whole' }

/**
 * Reads an account over REST. A category that the key may not read is reported and skipped; a list
 * that ends early is an error.
 *
 * The exchange gives options by base coin, and positions and open orders of linear contracts by
 * settlement coin. Which coins to ask for is learnt from its instruments, now and before, and from what
 * the account has or had; while the instruments cannot be read, neither can the account.
 */
export class AccountReader {
  readonly #client: BybitPrivateRestClient
  readonly #options: Pick<
    AccountReaderOptions,
    'clock' | 'coins' | 'seen' | 'onDenied' | 'onListed'
  >

  constructor({ coins, seen, onDenied, onListed, ...place }: AccountReaderOptions) {
    this.#client = new BybitPrivateRestClient(place)
    this.#options = { clock: place.clock, coins, seen, onDenied, onListed }
  }

  /** The present wallet: the coins that have a balance. */
  wallet(signal: AbortSignal): Promise<ReadRows<WalletEvent>> {
    return this.#wallet({}, signal)
  }

  /** The named coins of the present wallet, whether or not they have a balance. */
  async coins(names: readonly string[], signal: AbortSignal): Promise<ReadRows<WalletEvent>> {
    const told = await orUnknown(() => this.#wallet({ coin: names.join() }, signal))
    if (told !== null || names.length <= 1) return told ?? NOTHING
    // A name that the exchange does not know any more must not keep the others from being told.
    let all: ReadRows<WalletEvent> = NOTHING
    for (const name of names) all = joined(all, await this.coins([name], signal))
    return all
  }

  /** Every open leg of a category. */
  positions(
    category: Exclude<Category, 'spot'>,
    signal: AbortSignal,
  ): Promise<ListedRows<PositionEvent>> {
    const options = { signal, priority: SNAPSHOT_PRIORITY } as const
    return this.#whole(category, 'positions', signal, (scope) =>
      this.#client.positions({ category, ...scope }, options),
    )
  }

  /**
   * Every leg of one instrument, also flat ones; none when the exchange does not know it any more, and null when it
   * refuses for a reason that nobody has explained: that says nothing about the legs.
   */
  async legsOf(
    category: Exclude<Category, 'spot'>,
    symbol: string,
    signal: AbortSignal,
  ): Promise<ReadRows<PositionEvent> | null> {
    const options = { signal, priority: SNAPSHOT_PRIORITY } as const
    try {
      return await this.#collected(this.#client.positions({ category, symbol }, options))
    } catch (error) {
      if (!isOfName(error)) throw error
      return isExplained(error) ? NOTHING : null
    }
  }

  /** Every open order of a category. */
  openOrders(category: Category, signal: AbortSignal): Promise<ListedRows<OrderEvent>> {
    const options = { signal, priority: SNAPSHOT_PRIORITY } as const
    return this.#whole(category, 'orders', signal, (scope) =>
      this.#client.openOrders({ category, ...scope }, options),
    )
  }

  /** One order as it is now; no event when the exchange has forgotten it. */
  async order(
    { category, orderId }: OrderName,
    signal: AbortSignal,
  ): Promise<ReadRows<OrderEvent>> {
    const options = { signal, priority: SNAPSHOT_PRIORITY } as const
    const closed = await this.#collected(this.#client.orderHistory({ category, orderId }, options))
    if (closed.events.length + closed.deadLetters.length > 0) return closed
    return this.#collected(this.#client.openOrders({ category, orderId }, options))
  }

  /** Reads every execution of an interval; gives how many of them the exchange told. */
  async executions(
    category: Category,
    interval: ReadInterval,
    take: TakeRows<ExecutionEvent>,
    options: ReadOptions,
  ): Promise<Completeness> {
    return this.#history(category, interval, options, (scope) =>
      this.#taken(this.#client.executions({ category, ...scope, ...interval }, options), take),
    )
  }

  /** Reads the last state of every order that ended in an interval; gives how many the exchange told. */
  async orders(
    category: Category,
    interval: ReadInterval,
    take: TakeRows<OrderEvent>,
    options: ReadOptions,
  ): Promise<Completeness> {
    return this.#history(category, interval, options, (scope) =>
      this.#taken(this.#client.orderHistory({ category, ...scope, ...interval }, options), take),
    )
  }

  async #wallet(
    query: { readonly coin?: string },
    signal: AbortSignal,
  ): Promise<ReadRows<WalletEvent>> {
    const options = { signal, priority: SNAPSHOT_PRIORITY } as const
    const { items, deadLetters, exchangeTs, localTsUs } = await this.#client.walletBalance(
      query,
      options,
    )
    return { events: items, deadLetters, exchangeTs: exchangeTs ?? 0, localTsUs }
  }

  /** Reads a list of the present of everything that there is to be asked for. */
  async #whole<Event extends InstrumentEvent>(
    category: Category,
    what: 'orders' | 'positions',
    signal: AbortSignal,
    list: (scope: Scope) => RestPages<Event>,
  ): Promise<ListedRows<Event>> {
    const { clock, onListed } = this.#options
    const asOfMs = nowMs(clock) - LISTING_AGE_MS
    const { each, gone, isAsked } =
      category === 'linear'
        ? await this.#linearScopes(asOfMs, signal)
        : await this.#scopes(category, { asOfMs }, signal)
    let whole: ReadRows<Event> | null = null
    for (const scope of each) {
      const rows = await this.#orDenied(
        category,
        () => this.#collected(list(scope)),
        () => null,
      )
      if (rows === null) {
        onListed(`${category} ${what}`, false)
        // Time 0, so that nothing counts as absent from a list that lacks a part.
        return { ...NOTHING, ...whole, isAsked, exchangeTs: 0 }
      }
      whole = whole === null ? rows : joined(whole, rows)
    }
    for (const scope of gone) {
      const rows = await orUnknown(() => this.#collected(list(scope)))
      if (rows !== null) whole = whole === null ? rows : joined(whole, rows)
    }
    onListed(`${category} ${what}`, true)
    return { ...(whole ?? NOTHING), isAsked }
  }

  /** Reads an interval of a history. */
  async #history(
    category: Category,
    { from, to }: ReadInterval,
    { signal }: ReadOptions,
    read: (scope: Scope) => Promise<Completeness>,
  ): Promise<Completeness> {
    const scopes = await this.#scopes(category, { fromMs: from, asOfMs: to }, signal)
    let { completeness } = scopes
    for (const scope of scopes.each) {
      const told = await this.#orDenied(
        category,
        () => read(scope),
        (isFinal): Completeness => (isFinal ? 'part' : 'doubtful'),
      )
      completeness = together(completeness, told)
    }
    for (const scope of scopes.gone) {
      completeness = together(completeness, (await orUnknown(() => read(scope))) ?? 'part')
    }
    return completeness
  }

  /** Of options one list a base coin; of other categories one list of everything. */
  async #scopes(category: Category, time: ListedTime, signal: AbortSignal): Promise<Scopes> {
    if (category !== 'option') return EVERYTHING
    const { coins, seen } = this.#options
    const listed = await coins.listed('option', time, signal)
    const names = new Set([...listed.coins, ...seen.optionCoins])
    // Where no options are listed, the exchange's default shows whether the key may read them.
    if (names.size === 0) names.add('BTC')
    const { fromMs = Number.POSITIVE_INFINITY } = time
    const isKnown = fromMs >= listed.knownSinceMs - BEFORE_LISTING_MS
    const present = new Set([...listed.symbols].map(baseCoinOf))
    const isPresent = ({ baseCoin }: { readonly baseCoin: string }): boolean =>
      present.size === 0 || present.has(baseCoin)
    const scopes = [...names].map((baseCoin) => ({ baseCoin }))
    return {
      each: scopes.filter(isPresent),
      gone: scopes.filter((scope) => !isPresent(scope)),
      isAsked: (symbol) => names.has(baseCoinOf(symbol)),
      completeness: together(isKnown ? 'whole' : 'part', listed.isWhole ? 'whole' : 'doubtful'),
    }
  }

  /** Of linear contracts one list a settlement coin, and one of each contract that is not listed now. */
  async #linearScopes(asOfMs: number, signal: AbortSignal): Promise<Omit<Scopes, 'completeness'>> {
    const { coins, seen } = this.#options
    const { symbols, ...listed } = await coins.listed('linear', { asOfMs }, signal)
    const gone = new Set([...seen.linear].filter((symbol) => !symbols.has(symbol)))
    return {
      each: [...listed.coins].map((settleCoin) => ({ settleCoin })),
      gone: [...gone].map((symbol) => ({ symbol })),
      isAsked: (symbol) => symbols.has(symbol) || gone.has(symbol),
    }
  }

  /** `denied` gives what is known of what is refused, told whether it is certain to be refused again. */
  async #orDenied<Result, Denied>(
    category: Category,
    read: () => Promise<Result>,
    denied: (isFinal: boolean) => Denied,
  ): Promise<Result | Denied> {
    try {
      return await read()
    } catch (error) {
      if (!isLasting(error)) throw error
      const { message } = error as { readonly message: string }
      this.#options.onDenied(category, message)
      return denied(isExplained(error))
    }
  }

  /** Hands over a list page by page; throws when it ends early, unless the rest is too old. */
  async #taken<Event extends InstrumentEvent>(
    pages: RestPages<Event>,
    take: TakeRows<Event>,
  ): Promise<Completeness> {
    const iterator = pages[Symbol.asyncIterator]()
    for (;;) {
      const { done, value } = await iterator.next()
      if (done) {
        if (value === 'last_page') return 'whole'
        if (value === 'beyond_history') return 'part'
        throw new Error(`the list ended early: ${value}`)
      }
      const { items, deadLetters, exchangeTs, localTsUs } = value
      // What the account is in now is asked for from now on, whatever the exchange lists.
      for (const item of items) this.#options.seen.note(item)
      await take({ events: items, deadLetters, exchangeTs: exchangeTs ?? 0, localTsUs })
    }
  }

  async #collected<Event extends InstrumentEvent>(
    pages: RestPages<Event>,
  ): Promise<ReadRows<Event>> {
    let all: ReadRows<Event> | null = null
    await this.#taken(pages, async (rows) => {
      all = all === null ? rows : joined(all, rows)
    })
    return all ?? NOTHING
  }
}

const NOTHING = { events: [], deadLetters: [], exchangeTs: 0, localTsUs: 0 } as const

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
