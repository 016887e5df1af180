import { ArrayParameter, type Values } from './array-parameter.ts'

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,5}))?$/i
/** Most digits on either side of the point: PostgreSQL takes no more behind it. */
const MOST_DIGITS = 16_383

const NUMERIC_OID = 1700
/** Number of groups, weight of the first group, sign, digits behind the point: 2 bytes each. */
const FIXED_BYTES = 8
/** Decimal digits that PostgreSQL stores as one group, in 2 bytes. */
const GROUP = 4

const ZERO = 48
const NINE = 57
const POINT = 46
const MINUS = 45
const NEGATIVE = 0x4000

/**
 * `numeric[]` of decimal texts, with or without an exponent. Keeps every digit, also zeros at the end.
 * Throws for a text that is no decimal.
 *
 * Source: `numeric_recv`, which strips zero groups at either end by itself.
 */
export function encodeNumerics(values: Values<string>): Buffer {
  const array = encodePlain(values) ?? encodePlain(values.map(plainOf))
  if (array === null) throw new TypeError('plainDecimal gave a text with an exponent')
  return array
}

function plainOf(value: string | null | undefined): string | null {
  return value === null || value === undefined ? null : plainDecimal(value)
}

/** The fast way, for nearly all decimals are digits and a point. Null when a value is anything else. */
function encodePlain(values: Values<string>): Buffer | null {
  let units = 0
  for (const value of values) units += value?.length ?? 0
  // A group of 4 digits takes 2 bytes; on each side of the point one group may hold a single digit.
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

/** Adds a decimal; false, with nothing added, when it is not digits and a point. */
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

/** Gives the place after it. */
function writeInt16(bytes: Buffer, value: number, at: number): number {
  bytes[at] = value >>> 8
  bytes[at + 1] = value
  return at + 2
}

/**
 * Writes a decimal without exponent and plus sign, with the digits behind the point that PostgreSQL
 * would give it: `1.50e1` becomes `15.0`, `1e3` becomes `1000`.
 *
 * Throws for a text that is no decimal, also for NaN and the infinities.
 */
export function plainDecimal(text: string): string {
  const [, sign, whole = '', fraction = '', exponent = '0'] = DECIMAL.exec(text) ?? []
  const digits = whole + fraction
  if (sign === undefined || digits === '') {
    throw new RangeError(`${JSON.stringify(text.slice(0, 80))} is no decimal`)
  }
  const point = whole.length + Number(exponent)
  if (Math.max(point, digits.length - point, digits.length) > MOST_DIGITS) {
    throw new RangeError(`decimal ${text.slice(0, 80)} has more than ${MOST_DIGITS} digits`)
  }
  const padded = digits.padStart(digits.length - Math.min(point - 1, 0), '0').padEnd(point, '0')
  const split = Math.max(point, 1)
  const plain = padded.length > split ? `${padded.slice(0, split)}.${padded.slice(split)}` : padded
  return sign === '-' ? `-${plain}` : plain
}
