import { z } from 'zod'

/**
 * An exact decimal number, as the text that the exchange sent. {@link parseDecimal} makes one.
 *
 * Its brand is a string key, so that two installed versions of this package stay compatible.
 */
export type Decimal = string & { readonly __brand: 'Decimal' }

/** Longer texts are refused, so that PostgreSQL's `numeric` and every reader can hold the rest. */
const MAX_LENGTH = 128
/** Larger exponents are refused, because a short text could expand to megabytes of digits. */
const MAX_EXPONENT = 64

const ZERO = 48
const NINE = 57
const MINUS = 45
const PLUS = 43
const DOT = 46
const UPPER_E = 69
const LOWER_E = 101

/**
 * Reads a decimal as the exchange writes it, without converting it to a binary float.
 *
 * It never throws. `""` means "not applicable" and gives `null`. Everything that is not a plain decimal
 * text gives `undefined`: NaN, Infinity, hexadecimal, white space, a leading `+`, exponents beyond ±64,
 * texts of more than 128 characters, and numbers, because a JSON number may have lost digits.
 *
 * @example
 * parseDecimal('100000.10') // '100000.10', digit for digit
 * parseDecimal('')          // null
 * parseDecimal('NaN')       // undefined
 */
export function parseDecimal(value: unknown): Decimal | null | undefined {
  if (typeof value !== 'string') return undefined
  if (value === '') return null
  return isDecimal(value) ? value : undefined
}

/**
 * Whether a text is a decimal by the rules of {@link parseDecimal}; `""` is not.
 *
 * @example
 * isDecimal('100000.10') // true
 */
export function isDecimal(value: string): value is Decimal {
  const length = value.length
  if (length === 0 || length > MAX_LENGTH) return false
  let start = value.charCodeAt(0) === MINUS ? 1 : 0
  let isFraction = false
  // One pass without calls, because every number of every message passes here.
  for (let index = start; index < length; index++) {
    const code = value.charCodeAt(index)
    if (code >= ZERO && code <= NINE) continue
    if (index === start) return false
    if (code !== DOT || isFraction) return isExponent(value, index)
    isFraction = true
    start = index + 1
  }
  return start < length
}

function skipDigits(value: string, from: number): number {
  let index = from
  while (index < value.length) {
    const code = value.charCodeAt(index)
    if (code < ZERO || code > NINE) break
    index++
  }
  return index
}

function isExponent(value: string, from: number): boolean {
  const letter = value.charCodeAt(from)
  if (letter !== UPPER_E && letter !== LOWER_E) return false
  const sign = value.charCodeAt(from + 1)
  const digits = sign === MINUS || sign === PLUS ? from + 2 : from + 1
  const end = skipDigits(value, digits)
  if (end === digits || end !== value.length || end - digits > 3) return false
  return Number(value.slice(digits)) <= MAX_EXPONENT
}

/** Validates a {@link Decimal}. */
export const decimalSchema: z.ZodType<Decimal> = z.custom<Decimal>(
  (value) => typeof value === 'string' && isDecimal(value),
  'must be a decimal string such as "100000.10"',
)

const PARTS = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/

/**
 * Writes a decimal without exponent and superfluous zeros, so that equal numbers have equal texts.
 *
 * @example
 * canonicalDecimal('1.50e-7') // '0.00000015'
 */
export function canonicalDecimal(value: Decimal): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = PARTS.exec(value) ?? []
  const point = whole.length + Number(exponent)
  const digits = '0'.repeat(Math.max(1 - point, 0)) + whole + fraction
  const at = Math.max(point, 1)
  const integer = digits
    .slice(0, at)
    .padEnd(at, '0')
    .replace(/^0+(?=\d)/, '')
  const decimals = digits.slice(at).replace(/0+$/, '')
  if (integer === '0' && decimals === '') return '0'
  return decimals === '' ? `${sign}${integer}` : `${sign}${integer}.${decimals}`
}
