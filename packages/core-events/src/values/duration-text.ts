const WRITTEN: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
]

/**
 * Writes a duration as people do, in its two largest units.
 *
 * @example
 * durationText(3_900_000) // '1 h 5 min'
 * durationText(1500)      // '1.5 s'
 * durationText(90)        // '90 ms'
 */
export function durationText(ms: number): string {
  const rounded = Math.round(ms)
  if (rounded < 1000) return `${rounded} ms`
  if (rounded < 10_000) return `${Math.round(rounded / 100) / 10} s`
  let left = Math.round(rounded / 1000) * 1000
  const parts: string[] = []
  for (const [unit, unitMs] of WRITTEN) {
    const count = Math.floor(left / unitMs)
    left -= count * unitMs
    if (count > 0) parts.push(`${count} ${unit}`)
    else if (parts.length > 0) break
    if (parts.length === 2) break
  }
  return parts.join(' ')
}
