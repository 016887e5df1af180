import { SimError } from './errors.ts'

/** An exact decimal as a count of 10⁻¹²; add and subtract with `+` and `-`. */
export type Fixed = bigint

const PLACES = 12
export const ZERO: Fixed = 0n
export const ONE: Fixed = 10n ** BigInt(PLACES)

const DECIMAL = /^(-?)(\d{1,30})(?:\.(\d{1,12}))?$/

/** Reads a decimal of at most twelve places; throws `SIM_BAD_INPUT` for any other text. */
export function fixedOf(text: string): Fixed {
  const [, sign, whole, fraction = ''] = DECIMAL.exec(text) ?? []
  if (whole === undefined) {
    throw new SimError(
      'SIM_BAD_INPUT',
      `${JSON.stringify(text)} is not a decimal of at most 12 places`,
    )
  }
  const units = BigInt(whole + fraction.padEnd(PLACES, '0'))
  return sign === '-' ? -units : units
}

/**
 * Writes a decimal without trailing zeros.
 *
 * @example
 * fixedText(fixedOf('41553.90')) // '41553.9'
 */
export function fixedText(value: Fixed): string {
  return paddedText(value, PLACES).replace(/\.?0+$/, '')
}

/** Writes a decimal with that many places, from 1 to 12, zeros kept. */
export function paddedText(value: Fixed, places: number): string {
  const digits = String(magnitude(value)).padStart(PLACES + 1, '0')
  const point = digits.length - PLACES
  return `${value < ZERO ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point, point + places)}`
}

/** A product; exact as long as both factors together have at most twelve places. */
export function times(a: Fixed, b: Fixed): Fixed {
  return divided(a * b, ONE)
}

/** A quotient, to twelve places. */
export function over(a: Fixed, b: Fixed): Fixed {
  return divided(a * ONE, b)
}

/** Rounds to a number of places, halves away from zero. */
export function rounded(value: Fixed, places = 8): Fixed {
  const unit = 10n ** BigInt(PLACES - places)
  return divided(value, unit) * unit
}

/** The smaller of two decimals. */
export function least(a: Fixed, b: Fixed): Fixed {
  return a < b ? a : b
}

/** The absolute value. */
export function magnitude(value: Fixed): Fixed {
  return value < ZERO ? -value : value
}

function divided(a: bigint, b: bigint): bigint {
  const isNegative = a < 0n !== b < 0n
  const quotient = (2n * magnitude(a) + magnitude(b)) / (2n * magnitude(b))
  return isNegative ? -quotient : quotient
}
