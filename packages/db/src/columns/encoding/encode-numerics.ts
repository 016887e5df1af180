import { ArrayParameter, type Values } from './array-parameter.ts'
import { MOST_DIGITS, plainDecimal } from './plain-decimal.ts'

const NUMERIC_OID = 1700
/** Number of digits, weight of the first, sign, and digits to show behind the point: 2 bytes each. */
const FIXED_BYTES = 8
/** Decimal digits that PostgreSQL keeps as one. */
const GROUP = 4

const ZERO = 48
const NINE = 57
const POINT = 46
const MINUS = 45
const NEGATIVE = 0x4000

/**
 * `numeric[]` of decimal texts, with an exponent or without: every digit, and as many behind the
 * point as the text has. Throws for what is no decimal.
 *
 * Source: `numeric_recv`, which strips the zeros to either end by itself.
 */
export function encodeNumerics(values: Values<string>): Buffer {
  return encodePlain(values) ?? encodePlain(values.map(plainOf)) ?? neverReached()
}

function plainOf(value: string | null | undefined): string | null {
  return value === null || value === undefined ? null : plainDecimal(value)
}

function neverReached(): never {
  throw new TypeError('a plain decimal is none')
}

/** Null when one of them is not written plainly: nearly all are. */
function encodePlain(values: Values<string>): Buffer | null {
  let units = 0
  for (const value of values) units += value?.length ?? 0
  // Four digits take two bytes, and one on either side of the point may stand alone.
  const array = new ArrayParameter(
    NUMERIC_OID,
    values.length,
    values.length * (FIXED_BYTES + 4) + units,
  )
  for (const value of values) {
    if (value === null || value === undefined) array.addNull()
    else if (!addPlain(array, value)) return null
  }
  return array.finish()
}

function addPlain(array: ArrayParameter, text: string): boolean {
  const isNegative = text.charCodeAt(0) === MINUS
  const start = isNegative ? 1 : 0
  let point = text.length
  for (let index = start; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit === POINT && point === text.length) point = index
    else if (unit < ZERO || unit > NINE) return false
  }
  const whole = point - start
  const scale = Math.max(text.length - point - 1, 0)
  if (whole === 0 || Math.max(whole, scale) > MOST_DIGITS) return false
  const groups = Math.ceil(whole / GROUP) + Math.ceil(scale / GROUP)
  const { bytes } = array
  let at = array.add(FIXED_BYTES + 2 * groups)
  at = writeInt16(bytes, groups, at)
  at = writeInt16(bytes, Math.ceil(whole / GROUP) - 1, at)
  at = writeInt16(bytes, isNegative ? NEGATIVE : 0, at)
  at = writeInt16(bytes, scale, at)
  let digits = (GROUP - (whole % GROUP)) % GROUP
  let group = 0
  for (let index = start; index < text.length; index++) {
    if (index === point) continue
    group = group * 10 + text.charCodeAt(index) - ZERO
    if (++digits < GROUP) continue
    at = writeInt16(bytes, group, at)
    digits = 0
    group = 0
  }
  if (digits > 0) writeInt16(bytes, group * 10 ** (GROUP - digits), at)
  return true
}

/** Gives where the next one goes. */
function writeInt16(bytes: Buffer, value: number, at: number): number {
  bytes[at] = value >>> 8
  bytes[at + 1] = value
  return at + 2
}
