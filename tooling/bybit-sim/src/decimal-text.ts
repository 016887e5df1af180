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
  return unitsText(units, decimals).replace(/\.?0+$/, '')
}
