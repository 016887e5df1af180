import {
  changedFields,
  TICKER_FIELD_NAMES,
  TICKER_FIELDS,
  type TickerFieldName,
} from '@grid/core-events'
import { copyTicker, type MutableTicker, TICKER_SETTERS } from './mutable-ticker.ts'
import type { TickerState } from './ticker-state.ts'

/**
 * Merges a message that came late beneath newer ones, field by field: fields that no newer message
 * carried take its values, so that the rows to come have them.
 *
 * Gives the message's own row, with the values at its own time: a snapshot has all of them, a delta
 * changes those of the message before it. Gives null if that message is not remembered, and for a
 * repetition.
 *
 * @param late the message's values; the other fields of a delta are null
 */
export function mergeLate(state: TickerState, late: MutableTicker): MutableTicker | null {
  const { seq, exchangeTs: ts, isSnapshot } = late
  const names = isSnapshot ? TICKER_FIELD_NAMES : changedFields(late.changed)
  const newest = names.filter((name) => state.isFieldUntil(TICKER_FIELDS[name].bit, seq, ts))
  state.mergeLate(overlaid(state.values, late, newest), late, newest)

  const recent = state.recent.list()
  const at = recent.findLastIndex((other) => isUntil(other, late)) + 1
  const before = recent[at - 1]
  // If the message before it is not remembered, only the fields that are newest now are known.
  const carried = new Set(before === undefined ? newest : names)
  const after = recent.slice(at).map((other) => {
    const own = other.isSnapshot ? TICKER_FIELD_NAMES : changedFields(other.changed)
    for (const name of own) carried.delete(name)
    return overlaid(other, late, carried)
  })
  const isRepeated = recent.some((other) => isSame(other, late))
  const row = isRepeated ? null : isSnapshot ? late : rowOver(before, late, names)
  state.recent.replace([...recent.slice(0, at), ...(row === null ? [] : [row]), ...after])
  return row
}

function rowOver(
  before: MutableTicker | undefined,
  late: MutableTicker,
  names: readonly TickerFieldName[],
): MutableTicker | null {
  if (before === undefined) return null
  const row = overlaid(before, late, names)
  const { exchangeTs, localTsUs, seq, isSnapshot, changed, extra } = late
  return Object.assign(row, { exchangeTs, localTsUs, seq, isSnapshot, changed, extra })
}

/** A copy, because an event that was given out must not change. */
function overlaid(
  under: MutableTicker,
  over: MutableTicker,
  names: Iterable<TickerFieldName>,
): MutableTicker {
  const ticker = copyTicker(under)
  for (const name of names) {
    const set = TICKER_SETTERS[name] as (to: MutableTicker, value: string | number | null) => void
    set(ticker, over[name])
  }
  return ticker
}

function isUntil(one: MutableTicker, other: MutableTicker): boolean {
  return one.seq < other.seq || (one.seq === other.seq && one.exchangeTs <= other.exchangeTs)
}

function isSame(one: MutableTicker, other: MutableTicker): boolean {
  return (
    one.seq === other.seq &&
    one.exchangeTs === other.exchangeTs &&
    one.isSnapshot === other.isSnapshot
  )
}
