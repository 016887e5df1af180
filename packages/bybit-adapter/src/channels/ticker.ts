import {
  isSymbol,
  type JsonObject,
  parseExchangeTs,
  type TickerEvent,
  type TickerValues,
} from '@grid/core-events'
import type {
  ChannelDialect,
  ChannelMapper,
  DiscardReason,
  ItemContext,
  ItemFault,
} from './channel-mapper.ts'
import { faultOf } from './item-fault.ts'
import { isStorableJson, isStorableText } from './ticker-extra.ts'
import { wireTickerFrameSchema } from './ticker-schema.ts'
import { asTickerValues, copyValues, TICKER_READERS } from './ticker-values.ts'
import { isWireObject, parseSequence, type WireObject } from './wire.ts'

/** What is known of one symbol on this connection. */
interface TickerState {
  readonly values: TickerValues
  readonly seq: number
  readonly ts: number
}

/** A message laid over the values before it. */
interface Merge {
  readonly values: TickerValues
  readonly changed: number
  readonly extra: JsonObject | null
  readonly isReadable: boolean
}

/**
 * Maps linear ticker frames: a snapshot replaces the symbol's state, a delta merges into it.
 *
 * A malformed message gives no event, but its readable fields still count and its unreadable ones
 * become null: unknown rather than wrong in the events that follow.
 */
export class TickerMapper implements ChannelMapper {
  readonly #states = new Map<string, TickerState>()

  items(data: unknown): readonly unknown[] | null {
    return isWireObject(data) ? [data] : null
  }

  map(item: unknown, context: ItemContext): TickerEvent | DiscardReason | null {
    const symbol = this.symbolOf(item, context)
    if (symbol === null || !isWireObject(item)) return null
    const { type, cs, ts } = context.envelope
    const isSnapshot = type === 'snapshot'
    const exchangeTs = parseExchangeTs(ts)
    const seq = parseSequence(cs)
    const state = this.#states.get(symbol)
    const merge = mergeValues(item, isSnapshot || state === undefined ? null : state.values)

    if (
      exchangeTs === undefined ||
      seq === undefined ||
      !(isSnapshot || type === 'delta') ||
      !merge.isReadable
    ) {
      this.#keepReadable(symbol, isSnapshot, merge.values, seq, exchangeTs)
      return null
    }
    if (!isSnapshot) {
      if (state === undefined) return 'delta_before_snapshot'
      if (isBefore(seq, exchangeTs, state)) return 'stale_delta'
    }
    this.#states.set(symbol, { values: merge.values, seq, ts: exchangeTs })
    return {
      ...merge.values,
      channel: 'ticker',
      category: context.category,
      symbol,
      exchangeTs,
      localTsUs: context.localTsUs,
      source: 'ws',
      seq,
      isSnapshot,
      changed: merge.changed,
      extra: merge.extra,
    }
  }

  explain(_item: unknown, context: ItemContext): ItemFault {
    return faultOf(wireTickerFrameSchema, context.envelope, ['data'])
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

  #keepReadable(
    symbol: string,
    isSnapshot: boolean,
    values: TickerValues,
    seq: number | undefined,
    ts: number | undefined,
  ): void {
    const state = this.#states.get(symbol)
    if (isSnapshot) {
      this.#states.set(symbol, { values, seq: seq ?? 0, ts: ts ?? 0 })
      return
    }
    if (state === undefined) return
    const at = { seq: seq ?? state.seq, ts: ts ?? state.ts }
    if (!isBefore(at.seq, at.ts, state)) this.#states.set(symbol, { values, ...at })
  }
}

function isBefore(seq: number, ts: number, state: TickerState): boolean {
  return seq < state.seq || (seq === state.seq && ts < state.ts)
}

function mergeValues(data: WireObject, before: TickerValues | null): Merge {
  const values = copyValues(before)
  let changed = 0
  let extra: [string, unknown][] | null = null
  let isReadable = true
  for (const key in data) {
    const value = data[key]
    const reader = TICKER_READERS.get(key)
    if (reader !== undefined) {
      const read = reader.read(value)
      if (read === undefined) isReadable = false
      values[reader.name] = read ?? null
      changed += reader.weight
    } else if (key !== 'symbol') {
      if (!isStorableText(key) || !isStorableJson(value)) isReadable = false
      extra ??= []
      extra.push([key, value])
    }
  }
  return {
    values: asTickerValues(values),
    changed,
    // fromEntries rather than assignment, so that a key named __proto__ stays a key.
    extra: extra === null ? null : (Object.fromEntries(extra) as JsonObject),
    isReadable,
  }
}

/** Tickers: topic `tickers.{symbol}`, a snapshot and then deltas on linear. */
export const tickerDialect: ChannelDialect = {
  channel: 'ticker',
  topicPrefix: 'tickers',
  opensWithSnapshot: true,
  createMapper: () => new TickerMapper(),
}
