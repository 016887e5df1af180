import {
  type Decimal,
  isDecimal,
  isSymbol,
  parseExchangeTs,
  TICKER_FIELDS,
  type TickerEvent,
} from '@grid/core-events'
import { z } from 'zod'
import { faultOf, type ItemFault } from '../../wire/item-fault.ts'
import { isWireObject, parseSequence, wireName, wireSequence, wireTime } from '../../wire/wire.ts'
import type { ChannelMapper, ItemContext } from '../dialect/channel-mapper.ts'
import type { DiscardReason } from '../dialect/discard-reason.ts'
import { copyTicker } from './mutable-ticker.ts'
import type { TickerStates } from './ticker-state.ts'

/** A `data` of `orderbook.1.{symbol}`, as documented but not yet checked. */
interface WireBook {
  readonly s?: unknown
  readonly b?: unknown
  readonly a?: unknown
  readonly u?: unknown
  readonly seq?: unknown
}

/** The best level of one side; null when the side is empty. */
type Level = readonly [price: Decimal, size: Decimal] | null

const CHANGED = (['bid1Price', 'bid1Size', 'ask1Price', 'ask1Size'] as const).reduce(
  (mask, name) => mask + 2 ** TICKER_FIELDS[name].bit,
  0,
)
/** From here the exchange numbers its books anew after a restart. */
const RESTARTED = 1

const wireSide: z.ZodType = z.custom(
  (value) => bestLevel(value) !== undefined,
  'must be a list of [price, size], both decimal strings',
)

/** What the guards of {@link TopOfBookMapper} accept, as a zod schema of a whole frame. */
export const wireBookFrameSchema: z.ZodType = z.object({
  type: z.literal('snapshot'),
  ts: wireTime,
  data: z.object({
    s: wireName.optional(),
    b: wireSide,
    a: wireSide,
    u: wireSequence,
    seq: wireSequence,
  }),
})

/**
 * Maps the frames of spot's `orderbook.1.{symbol}` to ticker events of best bid and ask.
 *
 * A frame is merged into the symbol's ticker, even before the first ticker message. The exchange
 * repeats a book that has not changed for 3 s: repetitions are discarded. Books are ordered among
 * themselves by (`seq`, `u`), never against tickers.
 */
export class TopOfBookMapper implements ChannelMapper {
  readonly #states: TickerStates
  readonly isList = false

  constructor(states: TickerStates) {
    this.#states = states
  }

  map(item: unknown, context: ItemContext): TickerEvent | DiscardReason | null {
    const symbol = this.symbolOf(item, context)
    if (symbol === null || !isWireObject(item)) return null
    const { b, a, u, seq: bookSeq }: WireBook = item
    const { type, ts } = context.envelope
    const exchangeTs = parseExchangeTs(ts)
    const seq = parseSequence(bookSeq)
    const update = parseSequence(u)
    const bid = bestLevel(b)
    const ask = bestLevel(a)
    const isReadable = type === 'snapshot' && bid !== undefined && ask !== undefined
    if (!isReadable || exchangeTs === undefined || seq === undefined || update === undefined) {
      this.#forget(symbol)
      return null
    }
    const state = this.#states.obtain(symbol)
    if (seq === state.bookSeq && update === state.bookUpdate) return 'repeated_book'
    const isBefore = seq < state.bookSeq || (seq === state.bookSeq && update < state.bookUpdate)
    if (isBefore && update !== RESTARTED) return 'stale_book'
    const event = copyTicker(state.values)
    event.bid1Price = bid?.[0] ?? null
    event.bid1Size = bid?.[1] ?? null
    event.ask1Price = ask?.[0] ?? null
    event.ask1Size = ask?.[1] ?? null
    event.exchangeTs = exchangeTs
    event.localTsUs = context.localTsUs
    event.seq = seq
    event.isSnapshot = false
    event.changed = CHANGED
    event.extra = null
    state.values = event
    state.bookSeq = seq
    state.bookUpdate = update
    return event
  }

  explain(_item: unknown, context: ItemContext): ItemFault {
    return faultOf(wireBookFrameSchema, context.envelope, ['data'])
  }

  symbolOf(item: unknown, context: ItemContext): string | null {
    const symbol = isWireObject(item) ? (item as WireBook).s : undefined
    if (symbol === undefined || symbol === context.topicSymbol) return context.topicSymbol
    return isSymbol(symbol) ? symbol : null
  }

  /** Nothing to do: the ticker mapper, which owns the states, forgets them, and gives their checkpoint. */
  reset(): void {}

  /** The next book is not compared with the one before. */
  restart(topicSymbol: string): void {
    const state = this.#states.get(topicSymbol)
    if (state === undefined) return
    state.bookSeq = -1
    state.bookUpdate = -1
  }

  /** After an unreadable book, bid and ask are unknown rather than wrong. */
  #forget(symbol: string): void {
    const state = this.#states.get(symbol)
    if (state === undefined) return
    const unknown = { bid1Price: null, bid1Size: null, ask1Price: null, ask1Size: null }
    state.values = { ...state.values, ...unknown }
    state.bookUpdate = -1
  }
}

function bestLevel(side: unknown): Level | undefined {
  if (!Array.isArray(side)) return undefined
  const [best]: readonly unknown[] = side
  if (side.length === 0) return null
  if (!Array.isArray(best)) return undefined
  const [price, size]: readonly unknown[] = best
  if (typeof price !== 'string' || !isDecimal(price)) return undefined
  if (typeof size !== 'string' || !isDecimal(size)) return undefined
  return [price, size]
}
