import {
  type Category,
  isSymbol,
  type JsonObject,
  type JsonValue,
  parseDecimal,
  parseExchangeTs,
  type TickerEvent,
} from '@grid/core-events'
import { faultOf, type ItemFault } from '../../wire/item-fault.ts'
import { isStorableJson, isStorableText } from '../../wire/storable-json.ts'
import { isWireObject, parseSequence, type WireObject } from '../../wire/wire.ts'
import type {
  ChannelMapper,
  Envelope,
  ItemContext,
  ScannedFrame,
} from '../dialect/channel-mapper.ts'
import type { DiscardReason } from '../dialect/discard-reason.ts'
import { DeltaScanner, type ScannedDelta } from './delta-scanner.ts'
import { parseFrameCounter } from './frame-counter.ts'
import { mergeLate } from './late-ticker.ts'
import { copyTicker, type MutableTicker } from './mutable-ticker.ts'
import { packTickers, unpackTickers } from './ticker-checkpoint.ts'
import { wireTickerFrameSchema } from './ticker-schema.ts'
import type { TickerState, TickerStates } from './ticker-state.ts'
import { OPTION_TICKER_READERS, TICKER_READERS, type TickerFieldReader } from './ticker-values.ts'

/**
 * Maps the frames of `tickers.{symbol}`: a snapshot replaces the symbol's state, a delta is merged.
 *
 * Messages are ordered by (`cs`, `ts`); one that comes late is merged beneath newer ones.
 *
 * A malformed message yields no event. Its readable fields are merged all the same, and its unreadable
 * ones become null, so that later events say "unknown" rather than something wrong.
 */
export class TickerMapper implements ChannelMapper {
  readonly isList = false
  readonly #category: Category
  readonly #states: TickerStates
  readonly #readers: ReadonlyMap<string, TickerFieldReader>
  readonly #sequenceOf: (envelope: Envelope) => number | undefined
  /** Null where every message is whole. */
  readonly #scanner: DeltaScanner | null

  constructor(category: Category, states: TickerStates) {
    this.#category = category
    this.#states = states
    const isOption = category === 'option'
    this.#readers = isOption ? OPTION_TICKER_READERS : TICKER_READERS
    this.#sequenceOf = isOption ? ({ id }) => parseFrameCounter(id) : ({ cs }) => parseSequence(cs)
    const isContract = category === 'linear' || category === 'inverse'
    this.#scanner = isContract ? new DeltaScanner(this.#readers) : null
  }

  scan(text: string, localTsUs: number): ScannedFrame | null {
    const symbol = this.#scanner?.symbolOf(text) ?? null
    // The first frame of a symbol is parsed, which checks that it is one.
    const state = symbol === null ? undefined : this.#states.get(symbol)
    if (state === undefined || !state.hasSnapshot) return null
    const { symbol: known } = state.values
    const delta = this.#scanner?.scan(text, known) ?? null
    if (delta === null || state.isAfter(delta.seq, delta.exchangeTs)) return null
    const event = overlay(state, delta)
    event.localTsUs = localTsUs
    state.advance(event, delta.seq, delta.exchangeTs)
    return { topic: `tickers.${known}`, events: [event] }
  }

  map(item: unknown, context: ItemContext): TickerEvent | DiscardReason | null {
    const symbol = this.symbolOf(item, context)
    if (symbol === null || !isWireObject(item)) return null
    const { type, ts } = context.envelope
    const isSnapshot = type === 'snapshot'
    const exchangeTs = parseExchangeTs(ts)
    const seq = this.#sequenceOf(context.envelope)
    const isOrdered =
      exchangeTs !== undefined && seq !== undefined && (isSnapshot || type === 'delta')
    const state = this.#states.obtain(symbol)
    if (isLate(state, isSnapshot, seq ?? state.seq, exchangeTs ?? state.ts)) {
      if (!isOrdered) return null
      return this.#mapLate(state, item, isSnapshot, seq, exchangeTs, context.localTsUs)
    }
    const event = isSnapshot ? this.#blank(state) : copyTicker(state.values)
    event.isSnapshot = isSnapshot
    event.seq = seq ?? state.seq
    event.exchangeTs = exchangeTs ?? state.ts
    const isReadable = merge(event, item, this.#readers, isSnapshot ? null : state)
    if (!isOrdered || !isReadable) {
      // The order of a malformed message is not trusted: it must not make good deltas late.
      if (isSnapshot) state.replace(event, 0, 0)
      else state.patch(event)
      return null
    }
    event.localTsUs = context.localTsUs
    if (isSnapshot) state.replace(event, seq, exchangeTs)
    else state.advance(event, seq, exchangeTs)
    return state.hasSnapshot ? event : 'delta_before_snapshot'
  }

  explain(_item: unknown, context: ItemContext): ItemFault {
    return faultOf(wireTickerFrameSchema(this.#category), context.envelope, ['data'])
  }

  symbolOf(item: unknown, context: ItemContext): string | null {
    const symbol = isWireObject(item) ? item['symbol'] : undefined
    if (symbol === undefined || symbol === context.topicSymbol) return context.topicSymbol
    return isSymbol(symbol) ? symbol : null
  }

  /** Forgets every symbol: the next connection opens with new snapshots. */
  reset(): void {
    this.#states.clear()
  }

  /** The next snapshot replaces what is known, whatever its order. */
  restart(topicSymbol: string): void {
    this.#states.get(topicSymbol)?.restart()
  }

  forget(topicSymbol: string): void {
    this.#states.forget(topicSymbol)
  }

  checkpoint(): JsonValue {
    return packTickers(this.#states)
  }

  restore(state: JsonValue): void {
    unpackTickers(this.#states, state)
  }

  #mapLate(
    state: TickerState,
    item: WireObject,
    isSnapshot: boolean,
    seq: number,
    exchangeTs: number,
    localTsUs: number,
  ): TickerEvent | DiscardReason | null {
    const late = isSnapshot ? this.#blank(state) : this.#states.empty(state.values.symbol)
    const isReadable = merge(late, item, this.#readers, null)
    const row = mergeLate(state, Object.assign(late, { isSnapshot, seq, exchangeTs, localTsUs }))
    if (!isReadable) return null
    if (!state.hasSnapshot) return 'delta_before_snapshot'
    return row ?? (isSnapshot ? 'stale_snapshot' : 'stale_delta')
  }

  /** What a snapshot starts from: nothing; on spot, the four values that no ticker carries. */
  #blank({ values }: TickerState): MutableTicker {
    const blank = this.#states.empty(values.symbol)
    if (this.#category === 'spot') copyBook(blank, values)
    return blank
  }
}

/**
 * Whether newer messages came before this one.
 *
 * A snapshot is not late but starts a new count if it is older than all remembered messages, or if its
 * sequence is older and its time newer; unless it repeats the last snapshot.
 */
function isLate(state: TickerState, isSnapshot: boolean, seq: number, ts: number): boolean {
  if (!state.isAfter(seq, ts)) return false
  if (!isSnapshot) return true
  const isRepeated = seq === state.snapshotSeq && ts === state.snapshotTs
  return ts <= state.ts && (!state.hasSnapshot || isRepeated || state.recent.reachesTo(seq, ts))
}

function copyBook(target: MutableTicker, from: MutableTicker): void {
  target.bid1Price = from.bid1Price
  target.bid1Size = from.bid1Size
  target.ask1Price = from.ask1Price
  target.ask1Size = from.ask1Size
}

/** The state's values with a delta over them; notes the delta's order for each field that it carries. */
function overlay(state: TickerState, delta: ScannedDelta): MutableTicker {
  const { seq, exchangeTs, count, readers, values } = delta
  const event = copyTicker(state.values)
  const orders = state.fieldOrders
  let changed = 0
  for (let index = 0; index < count; index++) {
    const reader = readers[index] as TickerFieldReader
    reader.set(event, values[index] ?? null)
    changed += reader.weight
    orders[2 * reader.bit] = seq
    orders[2 * reader.bit + 1] = exchangeTs
  }
  event.isSnapshot = false
  event.seq = seq
  event.exchangeTs = exchangeTs
  event.changed = changed
  event.extra = null
  return event
}

/**
 * Merges a message into an event, and notes the message's order for each field that it carries.
 *
 * Tells whether all of it could be read.
 */
function merge(
  event: MutableTicker,
  data: WireObject,
  readers: ReadonlyMap<string, TickerFieldReader>,
  state: TickerState | null,
): boolean {
  const { seq, exchangeTs } = event
  const orders = state === null ? null : state.fieldOrders
  let changed = 0
  let extra: [string, unknown][] | null = null
  let isReadable = true
  for (const key in data) {
    if (key === 'symbol') continue
    const value = data[key]
    const reader = readers.get(key)
    if (reader !== undefined) {
      const read = reader.isDecimal ? parseDecimal(value) : reader.read(value)
      if (read === undefined) isReadable = false
      reader.set(event, read ?? null)
      changed += reader.weight
      if (orders !== null) {
        const at = 2 * reader.bit
        orders[at] = seq
        orders[at + 1] = exchangeTs
      }
    } else {
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
