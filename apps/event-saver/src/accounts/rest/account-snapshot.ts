import type { Category, OrderEvent, PositionEvent } from '@grid/core-events'
import type { ArrivedRows } from '../../pipeline/arrived.ts'
import type { AccountReader, ReadRows } from './account-reader.ts'
import type { HeldCoins } from './held-coins.ts'
import type { LegBook } from './leg-book.ts'
import type { OpenOrders } from './open-orders.ts'

/** How many coins are named in one request. */
const COINS_AT_ONCE = 10

/** What a snapshot needs. */
export interface SnapshotOptions {
  readonly reader: Pick<
    AccountReader,
    'coins' | 'legsOf' | 'openOrders' | 'order' | 'positions' | 'wallet'
  >
  readonly categories: readonly Category[]
  readonly coins: HeldCoins
  readonly legs: LegBook
  readonly orders: OpenOrders
  /** Stores rows; false when it could not store all of them. */
  readonly store: (rows: ArrivedRows) => Promise<boolean>
}

/** What became of a snapshot. */
export interface SnapshotResult {
  /** Whether all of it is stored. */
  readonly isStored: boolean
  /** False when something is absent that had changed just before: only a later snapshot can tell why. */
  readonly isSettled: boolean
}

/**
 * Reads all of an account's wallet, open positions and open orders, and stores them. What was open and is not
 * listed is asked for by its name: an order by its id, a leg by its instrument, a coin. A list of several pages may leave
 * out what moved from one page to another meanwhile.
 */
export async function takeSnapshot(
  options: SnapshotOptions,
  signal: AbortSignal,
): Promise<SnapshotResult> {
  const { reader, categories, store } = options
  let isStored = await store(await wholeWallet(options, signal))
  let isSettled = true
  for (const category of categories) {
    if (category !== 'spot') {
      const positions = await reader.positions(category, signal)
      const absent = options.legs.absent(category, positions.events, positions)
      const [asked, unasked] = partition(absent, ({ symbol }) => positions.isAsked(symbol))
      isSettled &&= options.legs.isSettled(category, positions.events, positions)
      // The next list is asked for them: they are among what the account was seen in.
      isSettled &&= unasked.length === 0
      const rows = await withClosedLegs(category, positions, asked, options, signal)
      isStored = (await store(rows)) && isStored
    }
    const orders = await reader.openOrders(category, signal)
    isSettled &&= options.orders.isSettled(category, orders.events, orders)
    const rows = await withClosedOrders(category, orders, options, signal)
    isStored = (await store(rows)) && isStored
  }
  return { isStored, isSettled }
}

/** The coins that the exchange lists, and those of which there was something before. */
async function wholeWallet(
  { coins, reader }: SnapshotOptions,
  signal: AbortSignal,
): Promise<ArrivedRows> {
  const { events, deadLetters } = await reader.wallet(signal)
  const rows = { events: [...events], deadLetters: [...deadLetters] }
  const absent = coins.absent(events)
  for (let start = 0; start < absent.length; start += COINS_AT_ONCE) {
    const told = await reader.coins(absent.slice(start, start + COINS_AT_ONCE), signal)
    rows.events.push(...told.events)
    rows.deadLetters.push(...told.deadLetters)
  }
  for (const event of rows.events) coins.note(event)
  return rows
}

async function withClosedLegs(
  category: Exclude<Category, 'spot'>,
  { events, deadLetters }: ReadRows<PositionEvent>,
  absent: readonly PositionEvent[],
  { legs, reader }: SnapshotOptions,
  signal: AbortSignal,
): Promise<ArrivedRows> {
  const rows = { events: [...events], deadLetters: [...deadLetters] }
  // A leg that seems to be absent may be a row that cannot be read.
  const doubtful = deadLetters.length > 0 ? [] : absent
  for (const [symbol, own] of Map.groupBy(doubtful, (leg) => leg.symbol)) {
    const told = await reader.legsOf(category, symbol, signal)
    // Nothing is known of them: the next list is compared with them again.
    if (told === null) continue
    rows.events.push(...told.events)
    rows.deadLetters.push(...told.deadLetters)
    if (told.deadLetters.length > 0) continue
    const named = new Set(told.events.map(({ positionIdx }) => positionIdx))
    rows.events.push(...own.filter(({ positionIdx }) => !named.has(positionIdx)))
  }
  for (const leg of rows.events) legs.note(leg)
  return rows
}

async function withClosedOrders(
  category: Category,
  { events, deadLetters, ...stamp }: ReadRows<OrderEvent>,
  { orders, reader }: SnapshotOptions,
  signal: AbortSignal,
): Promise<ArrivedRows> {
  const rows = { events: [...events], deadLetters: [...deadLetters] }
  for (const order of events) orders.note(order)
  for (const name of orders.absent(category, events, stamp)) {
    const found = await reader.order(name, signal)
    // After a day the exchange forgets orders that were never filled.
    if (found.events.length === 0) orders.forget(name)
    rows.events.push(...found.events)
    rows.deadLetters.push(...found.deadLetters)
    for (const order of found.events) orders.noteAbsent(order)
  }
  return rows
}

function partition<Item>(
  items: readonly Item[],
  isFirst: (item: Item) => boolean,
): [readonly Item[], readonly Item[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))]
}
