import {
  isSymbol,
  parseDecimal,
  parseOptionalTs,
  TICKER_FIELD_NAMES,
  TICKER_FIELDS,
  type TickerFieldKind,
  type TickerFieldName,
  type TickerValues,
} from '@grid/core-events'

/** Ticker values while they are being merged; any field may be looked up by its name. */
export type MutableTickerValues = Record<TickerFieldName, string | number | null>

/** A ticker field's place in the bitmask, as a weight, and its reader. */
export interface TickerFieldReader {
  readonly name: TickerFieldName
  readonly weight: number
  /** The value; null for "not applicable", undefined when unreadable. */
  readonly read: (value: unknown) => string | number | null | undefined
}

const READERS: { readonly [Kind in TickerFieldKind]: TickerFieldReader['read'] } = {
  decimal: parseDecimal,
  timestamp: parseOptionalTs,
  text: (value) => (value === '' ? null : isSymbol(value) ? value : undefined),
}

/** All known fields by their name on the wire. */
export const TICKER_READERS: ReadonlyMap<string, TickerFieldReader> = new Map(
  TICKER_FIELD_NAMES.map((name) => {
    const { bit, kind } = TICKER_FIELDS[name]
    return [name, { name, weight: 2 ** bit, read: READERS[kind] }]
  }),
)

const NOTHING_KNOWN = Object.fromEntries(
  TICKER_FIELD_NAMES.map((name) => [name, null]),
) as MutableTickerValues

/** A fresh copy of known values, or of none; every copy has all fields in one order. */
export function copyValues(values: TickerValues | null): MutableTickerValues {
  return { ...((values as MutableTickerValues | null) ?? NOTHING_KNOWN) }
}

/** Seals merged values: each field was read by its own kind's reader. */
export function asTickerValues(values: MutableTickerValues): TickerValues {
  return values as TickerValues
}
