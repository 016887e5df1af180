const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,5}))?$/i
/** Most digits to either side of the point: PostgreSQL takes no more behind it. */
export const MOST_DIGITS = 16_383

/**
 * A decimal without an exponent or a plus, of the scale that PostgreSQL would give it: `1.50e1` is
 * `15.0`, `1e3` is `1000`.
 *
 * Throws for what is no decimal, NaN and the infinities included.
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
