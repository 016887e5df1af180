/**
 * Writes an integer count of units as a decimal with that many places, zeros kept.
 *
 * @example
 * unitsText(10000010, 2) // '100000.10'
 */
export function unitsText(units: number, decimals: number): string {
  if (decimals === 0) return String(units)
  const digits = String(Math.abs(units)).padStart(decimals + 1, '0')
  const point = digits.length - decimals
  return `${units < 0 ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`
}

/**
 * Writes an integer count of units as a decimal without trailing zeros.
 *
 * @example
 * trimmedText(-12290, 6) // '-0.01229'
 */
export function trimmedText(units: number, decimals: number): string {
  const text = unitsText(units, decimals)
  return decimals === 0 ? text : text.replace(/\.?0+$/, '')
}

const PLAIN_DECIMAL = /^(\d+)(?:\.(\d+))?$/

/**
 * Reads a decimal as an integer count of units; null for a text with more decimal places than that.
 *
 * @example
 * unitsOf('100000.1', 2) // 10000010
 */
export function unitsOf(text: string, decimals: number): number | null {
  const [, whole, fraction = ''] = PLAIN_DECIMAL.exec(text) ?? []
  if (whole === undefined || !/^0*$/.test(fraction.slice(decimals))) return null
  const units = Number(whole + fraction.slice(0, decimals).padEnd(decimals, '0'))
  return Number.isSafeInteger(units) ? units : null
}
