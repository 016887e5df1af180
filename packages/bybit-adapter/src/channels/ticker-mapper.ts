import {
  type Category,
  isSymbol,
  type JsonObject,
  parseDecimal,
  parseExchangeTs,
  type TickerEvent,
} from '@grid/core-events'
import type {
  ChannelMapper,
  DiscardReason,
  Envelope,
  ItemContext,
  ItemFault,
} from './channel-mapper.ts'
import { parseFrameCounter } from './frame-counter.ts'
import { faultOf } from './item-fault.ts'
import { copyTicker, type MutableTicker } from './mutable-ticker.ts'
import { isStorableJson, isStorableText } from './ticker-extra.ts'
import { wireTickerFrameSchema } from './ticker-schema.ts'
import type { TickerState, TickerStates } from './ticker-state.ts'
import { OPTION_TICKER_READERS, TICKER_READERS, type TickerFieldReader } from './ticker-values.ts'
import { isWireObject, parseSequence, type WireObject } from './wire.ts'

/**
 * Maps the frames of `tickers.{symbol}`: a snapshot replaces the symbol's state, a delta merges.
 *
 * A malformed message gives no event, but its readable fields still count and its unreadable ones
 * become null: unknown rather than wrong in the events that follow.
 */
export class TickerMapper implements ChannelMapper {
  readonly isList = false
  readonly #category: Category
  readonly #states: TickerStates
  readonly #readers: ReadonlyMap<string, TickerFieldReader>
  readonly #sequenceOf: (envelope: Envelope) => number | undefined

  constructor(category: Category, states: TickerStates) {
    this.#category = category
    this.#states = states
    const isOption = category === 'option'
    this.#readers = isOption ? OPTION_TICKER_READERS : TICKER_READERS
    this.#sequenceOf = isOption ? ({ id }) => parseFrameCounter(id) : ({ cs }) => parseSequence(cs)
  }

  map(item: unknown, context: ItemContext): TickerEvent | DiscardReason | null {
    const symbol = this.symbolOf(item, context)
    if (symbol === null || !isWireObject(item)) return null
    const { type, ts } = context.envelope
    const isSnapshot = type === 'snapshot'
    const exchangeTs = parseExchangeTs(ts)
    const seq = this.#sequenceOf(context.envelope)
    const state = this.#states.get(symbol)
    const event = this.#base(symbol, isSnapshot, state)
    const isReadable = merge(event, item, this.#readers)
    if (
      exchangeTs === undefined ||
      seq === undefined ||
      !(isSnapshot || type === 'delta') ||
      !isReadable
    ) {
      this.#keepReadable(symbol, isSnapshot, event, seq, exchangeTs)
      return null
    }
    if (!isSnapshot) {
      if (state === undefined || !state.hasSnapshot) return 'delta_before_snapshot'
      if (isBefore(seq, exchangeTs, state)) return 'stale_delta'
    }
    event.exchangeTs = exchangeTs
    event.localTsUs = context.localTsUs
    event.seq = seq
    event.isSnapshot = isSnapshot
    keep(state ?? this.#states.obtain(symbol), event, seq, exchangeTs)
    return event
  }

  explain(_item: unknown, context: ItemContext): ItemFault {
    return faultOf(wireTickerFrameSchema(this.#category), context.envelope, ['data'])
  }

  symbolOf(item: unknown, context: ItemContext): string | null {
    const symbol = isWireObject(item) ? item['symbol'] : undefined
    if (symbol === undefined || symbol === context.topicSymbol) return context.topicSymbol
    return isSymbol(symbol) ? symbol : null
  }

  /** Forgets every symbol: a new subscription opens with a new snapshot. */
  reset(): void {
    this.#states.clear()
  }

  /** A copy of what the message is laid over. */
  #base(symbol: string, isSnapshot: boolean, state: TickerState | undefined): MutableTicker {
    if (state === undefined) return this.#states.empty(symbol)
    if (!isSnapshot) return copyTicker(state.values)
    const base = this.#states.empty(symbol)
    if (this.#category === 'spot') copyBook(base, state.values)
    return base
  }

  /** Keeps what could be read; an order that came with nonsense must not make good deltas stale. */
  #keepReadable(
    symbol: string,
    isSnapshot: boolean,
    values: MutableTicker,
    seq: number | undefined,
    ts: number | undefined,
  ): void {
    const state = this.#states.get(symbol)
    if (isSnapshot) keep(this.#states.obtain(symbol), values, 0, 0)
    else if (state?.hasSnapshot && !isBefore(seq ?? state.seq, ts ?? state.ts, state)) {
      state.values = values
    }
  }
}

function keep(state: TickerState, values: MutableTicker, seq: number, ts: number): void {
  state.values = values
  state.hasSnapshot = true
  state.seq = seq
  state.ts = ts
}

function isBefore(seq: number, ts: number, state: TickerState): boolean {
  return seq < state.seq || (seq === state.seq && ts < state.ts)
}

/** The four values that no spot ticker carries. */
function copyBook(target: MutableTicker, from: MutableTicker): void {
  target.bid1Price = from.bid1Price
  target.bid1Size = from.bid1Size
  target.ask1Price = from.ask1Price
  target.ask1Size = from.ask1Size
}

/** Lays a message over an event; whether all of it could be read. */
function merge(
  event: MutableTicker,
  data: WireObject,
  readers: ReadonlyMap<string, TickerFieldReader>,
): boolean {
  let changed = 0
  let extra: [string, unknown][] | null = null
  let isReadable = true
  for (const key in data) {
    const value = data[key]
    const reader = readers.get(key)
    if (reader !== undefined) {
      const read = reader.isDecimal ? parseDecimal(value) : reader.read(value)
      if (read === undefined) isReadable = false
      reader.set(event, read ?? null)
      changed += reader.weight
    } else if (key !== 'symbol') {
      if (!isStorableText(key) || !isStorableJson(value)) isReadable = false
      extra ??= []
      extra.push([key, value])
    }
  }
  event.changed = changed
  // fromEntries rather than assignment, so that a key named __proto__ stays a key.
  event.extra = extra === null ? null : (Object.fromEntries(extra) as JsonObject)
  return isReadable
}
