import type { JsonValue } from '@grid/core-events'
import { z } from 'zod'
import { copyTicker, type MutableTicker } from './mutable-ticker.ts'
import { tickerValues } from './ticker-list.ts'
import type { TickerState, TickerStates } from './ticker-state.ts'
import { TICKER_READERS, type TickerFieldReader } from './ticker-values.ts'

const FIELDS = [...TICKER_READERS.values()]
const NOTHING = FIELDS.map(() => null)

/** A mask of fields, and their values in the order of their bits. */
const value = z.union([z.string(), z.number(), z.null()])
const packedValues = z.tuple([z.int().min(0)]).rest(value)
/** A sequence and a time. */
const order = z.tuple([z.int(), z.int()])

/**
 * One symbol's state. What is told of past messages is told as the difference to the newest one, which
 * takes a fifth of the space.
 */
const packedState = z.object({
  symbol: z.string(),
  hasSnapshot: z.boolean(),
  newest: order,
  snapshot: order,
  book: order,
  values: packedValues,
  /** The fields that deltas of one order carried: mask, and how far before the newest that was. */
  fields: z.array(z.tuple([z.int().min(0), z.int(), z.int()])),
  /**
   * The newest messages, the newest first: how far before the newest, what it carried (−1 for a
   * snapshot), and the values that were others before the message that came next.
   */
  recent: z.array(z.tuple([z.int(), z.int(), z.int(), z.int().min(0)]).rest(value)),
})

type Values = (string | number | null)[]
type PackedState = z.infer<typeof packedState>

const CARRIES_ALL = -1

/** What is known of every symbol, as plain JSON. */
export function packTickers(states: TickerStates): JsonValue {
  return [...states.all()].map(([symbol, state]) => packState(symbol, state))
}

/** Puts back what `packTickers` gave; throws for anything else. */
export function unpackTickers(states: TickerStates, packed: JsonValue): void {
  for (const one of z.array(packedState).parse(packed)) {
    unpackState(states.obtain(one.symbol), one)
  }
}

function packState(symbol: string, state: TickerState): PackedState {
  const { hasSnapshot, seq, ts } = state
  const newest = tickerValues(state.values)
  let later = newest
  const recent = state.recent
    .list()
    .reverse()
    .map((ticker): PackedState['recent'][number] => {
      const values = tickerValues(ticker)
      const carried = ticker.isSnapshot ? CARRIES_ALL : ticker.changed
      const [mask, differences] = differencesOf(values, later)
      later = values
      return [seq - ticker.seq, ts - ticker.exchangeTs, carried, mask, ...differences]
    })
  const [mask, values] = differencesOf(newest, NOTHING)
  return {
    symbol,
    hasSnapshot,
    newest: [seq, ts],
    snapshot: [state.snapshotSeq, state.snapshotTs],
    book: [state.bookSeq, state.bookUpdate],
    values: [mask, ...values],
    fields: packOrders(state),
    recent,
  }
}

function unpackState(state: TickerState, packed: PackedState): void {
  const [seq, ts] = packed.newest
  const [mask, ...values] = packed.values
  state.hasSnapshot = packed.hasSnapshot
  state.seq = seq
  state.ts = ts
  ;[state.snapshotSeq, state.snapshotTs] = packed.snapshot
  ;[state.bookSeq, state.bookUpdate] = packed.book
  setValues(state.values, mask, values)
  for (const [carried, seqBack, tsBack] of packed.fields) {
    for (const { bit } of fieldsOf(carried)) {
      state.fieldOrders[2 * bit] = seq - seqBack
      state.fieldOrders[2 * bit + 1] = ts - tsBack
    }
  }
  let later = state.values
  const recent = packed.recent.map(([seqBack, tsBack, carried, mask, ...values]) => {
    const ticker = copyTicker(later)
    setValues(ticker, mask, values)
    ticker.seq = seq - seqBack
    ticker.exchangeTs = ts - tsBack
    ticker.isSnapshot = carried === CARRIES_ALL
    ticker.changed = ticker.isSnapshot ? 0 : carried
    later = ticker
    return ticker
  })
  state.recent.replace(recent.reverse())
}

/** The mask of the fields in which some values differ from others, and those values. */
function differencesOf(values: Values, others: Values): [mask: number, differences: Values] {
  let mask = 0
  const differences: Values = []
  // Ten thousand lists are compared at once: an index takes a fraction of an iterator's time.
  for (let bit = 0; bit < values.length; bit++) {
    const value = values[bit] ?? null
    if (value === others[bit]) continue
    mask += 2 ** bit
    differences.push(value)
  }
  return [mask, differences]
}

function setValues(ticker: MutableTicker, mask: number, values: Values): void {
  const fields = fieldsOf(mask)
  if (fields.length !== values.length) throw new Error(`${values.length} values for mask ${mask}`)
  for (const [index, { set }] of fields.entries()) set(ticker, values[index] ?? null)
}

function packOrders({ fieldOrders, seq, ts }: TickerState): PackedState['fields'] {
  const packed: PackedState['fields'] = []
  for (const { bit, weight } of FIELDS) {
    const fieldSeq = fieldOrders[2 * bit] ?? -1
    const fieldTs = fieldOrders[2 * bit + 1] ?? -1
    if (fieldSeq === -1 && fieldTs === -1) continue
    const [seqBack, tsBack] = [seq - fieldSeq, ts - fieldTs]
    const same = packed.find((other) => other[1] === seqBack && other[2] === tsBack)
    if (same === undefined) packed.push([weight, seqBack, tsBack])
    else same[0] += weight
  }
  return packed
}

/** The fields of a mask, in the order of their bits. */
function fieldsOf(mask: number): TickerFieldReader[] {
  const fields: TickerFieldReader[] = []
  let rest = mask
  for (const field of FIELDS) {
    if (rest === 0) break
    if (rest % 2 === 1) fields.push(field)
    rest = Math.floor(rest / 2)
  }
  return fields
}
