import {
  isSymbol,
  parseDecimal,
  parseOptionalTs,
  TICKER_FIELD_NAMES,
  TICKER_FIELDS,
  type TickerFieldKind,
  type TickerFieldName,
} from '@grid/core-events'
import { type MutableTicker, TICKER_SETTERS } from './mutable-ticker.ts'

/** A ticker field's place in the bitmask, as a bit and as its weight, and how it is read and set. */
export interface TickerFieldReader {
  readonly name: TickerFieldName
  readonly bit: number
  readonly weight: number
  /** The value; null for "not applicable", undefined when unreadable. */
  readonly read: (value: unknown) => string | number | null | undefined
  /** Whether `read` is `parseDecimal`, as it is for nearly every field. */
  readonly isDecimal: boolean
  /** Sets a value that `read` gave. */
  readonly set: (ticker: MutableTicker, value: string | number | null) => void
}

/** Most deltas carry one of these: looking it up is cheaper than checking a text. */
const TICK_DIRECTIONS: ReadonlySet<unknown> = new Set([
  'PlusTick',
  'ZeroPlusTick',
  'MinusTick',
  'ZeroMinusTick',
])

const READERS: { readonly [Kind in TickerFieldKind]: TickerFieldReader['read'] } = {
  decimal: parseDecimal,
  timestamp: parseOptionalTs,
  text: (value) =>
    TICK_DIRECTIONS.has(value)
      ? (value as string)
      : value === ''
        ? null
        : isSymbol(value)
          ? value
          : undefined,
}

/** All known fields by their name on the wire. */
export const TICKER_READERS: ReadonlyMap<string, TickerFieldReader> = new Map(
  TICKER_FIELD_NAMES.map((name) => {
    const { bit, kind } = TICKER_FIELDS[name]
    const set = TICKER_SETTERS[name] as TickerFieldReader['set']
    const isDecimal = kind === 'decimal'
    return [name, { name, bit, weight: 2 ** bit, read: READERS[kind], isDecimal, set }]
  }),
)

/** The names that only option sockets use; REST uses the common ones. */
const OPTION_NAMES: ReadonlyMap<string, string> = new Map([
  ['bid1Price', 'bidPrice'],
  ['bid1Size', 'bidSize'],
  ['bid1Iv', 'bidIv'],
  ['ask1Price', 'askPrice'],
  ['ask1Size', 'askSize'],
  ['ask1Iv', 'askIv'],
  ['markIv', 'markPriceIv'],
])

/** All known fields by their name on an option socket. */
export const OPTION_TICKER_READERS: ReadonlyMap<string, TickerFieldReader> = new Map(
  [...TICKER_READERS].map(([name, reader]) => [OPTION_NAMES.get(name) ?? name, reader]),
)
