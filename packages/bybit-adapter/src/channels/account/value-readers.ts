import {
  CATEGORIES,
  type Category,
  isDecimal,
  isExactNumber,
  isSymbol,
  isText,
  LATEST_EXCHANGE_TS,
  parseDecimal,
  parseExchangeTs,
  type ValueKind,
  type ValueKinds,
} from '@grid/core-events'
import { isStorableJson } from '../../wire/storable-json.ts'
import { isWireObject, parseSequence } from '../../wire/wire.ts'

/** How the value of one key of a private message is read, and what is said when it cannot be. */
export interface ValueReader {
  /** The value as an event has it; undefined if it is refused. */
  readonly read: (value: unknown) => unknown
  /** What the value must be, for the reason of a dead letter. */
  readonly message: string
  /** The value of an absent key; left out if the key must not be absent. */
  readonly absent?: unknown
}

/** A {@link ValueReader} and the event's field that it fills. */
export interface FieldReader extends ValueReader {
  readonly field: string
}

/** Optional values by kind: null when absent, null or `""`. */
const OPTIONAL: { readonly [Kind in ValueKind]: ValueReader } = {
  decimal: optional(parseDecimal, 'a decimal string such as "100000.10"'),
  text: optional(readText, 'a text without NUL and unpaired surrogates'),
  integer: optional(readInteger, 'a whole number, or its digits'),
  timestamp: optional(readTimestamp, 'epoch milliseconds before 2100'),
  flag: optional((value) => (typeof value === 'boolean' ? value : undefined), 'true or false'),
  object: optional(
    (value) =>
      isWireObject(value) && !isExactNumber(value) && isStorableJson(value) ? value : undefined,
    'a JSON object that can be stored',
  ),
  json: optional(
    (value) => (isStorableJson(value) ? value : undefined),
    'a JSON value that can be stored',
  ),
}

/** The readers of values that may be null, by the names of their fields. */
export function optionalFields<Values>(kinds: ValueKinds<Values>): Record<string, FieldReader> {
  const readers = Object.entries<ValueKind>(kinds).map(
    ([field, kind]) => [field, { field, ...OPTIONAL[kind] }] as const,
  )
  return Object.fromEntries(readers)
}

/** Readers of values that an item must have. */
export const REQUIRED: Readonly<
  Record<'name' | 'text' | 'decimal' | 'time' | 'leg' | 'positionSide', ValueReader>
> = {
  name: {
    read: (value) => (isSymbol(value) ? value : undefined),
    message: 'must be 1 to 64 characters without blanks, control characters or "|"',
  },
  text: {
    read: (value) => (isText(value) ? value : undefined),
    message: 'must be a text that is not empty, without NUL and unpaired surrogates',
  },
  decimal: {
    read: (value) => (typeof value === 'string' && isDecimal(value) ? value : undefined),
    message: 'must be a decimal string such as "100000.10"',
  },
  time: {
    read: parseExchangeTs,
    message: 'must be epoch milliseconds from 2019 to 2099',
  },
  leg: {
    read: parseSequence,
    message: 'must be a whole number, or its digits',
  },
  /** `''` for a flat position. */
  positionSide: {
    read: (value) => (value === '' || isSymbol(value) ? value : undefined),
    message: 'must be empty or 1 to 64 characters without blanks, control characters or "|"',
  },
}

/** A category; undefined if it is absent, so that the topic's or the query's is used. */
export const CATEGORY: FieldReader = {
  field: 'category',
  read: (value) => (isCategory(value) ? value : undefined),
  message: `must be one of ${CATEGORIES.join(', ')}`,
  absent: undefined,
}

/** A cross sequence; −1 if it is absent, `""` or −1: the leg was never traded. */
export const SEQUENCE: FieldReader = {
  field: 'seq',
  read: (value) => (value === '' || value === -1 || value === '-1' ? -1 : parseSequence(value)),
  message: 'must be a whole number from −1 to 2^53 − 1, or its digits',
  absent: -1,
}

/**
 * The category of Event Contracts, whose rows come on the topics of all categories since autumn 2026. They
 * have no price and no quantity, and are not captured.
 */
export const EVENT_CONTRACTS = 'event'

/** Whether a value is one of the exchange's product families. */
export function isCategory(value: unknown): value is Category {
  return CATEGORIES.some((category) => category === value)
}

function optional(read: (value: unknown) => unknown, what: string): ValueReader {
  return {
    read: (value) => (value === '' || value === null ? null : read(value)),
    message: `must be empty or ${what}`,
    absent: null,
  }
}

/** A number in place of a text is read by its digits: nothing is lost. */
function readText(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
  return isText(value) ? value : undefined
}

const INTEGER = /^-?\d{1,15}$/

function readInteger(value: unknown): number | undefined {
  const integer = typeof value === 'string' && INTEGER.test(value) ? Number(value) : value
  // JSON has a negative zero, which would not survive being stored.
  return typeof integer === 'number' && Number.isSafeInteger(integer) ? integer + 0 : undefined
}

/** It may lie before 2019: an account may be older than the recorded market. */
function readTimestamp(value: unknown): number | null | undefined {
  const ms = parseSequence(value)
  return ms === undefined || ms >= LATEST_EXCHANGE_TS ? undefined : ms || null
}
