const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

const DURATION = /^(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d)?$/

/**
 * Reads a duration in milliseconds; a number without a unit counts seconds. Undefined for other text.
 *
 * @example
 * parseDuration('0.5')   // 500
 * parseDuration('500ms') // 500
 * parseDuration('2 min') // 120000
 * parseDuration('soon')  // undefined
 */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit = 's'] = DURATION.exec(text.trim()) ?? []
  const factor = UNIT_MS[unit]
  return amount === undefined || factor === undefined ? undefined : Number(amount) * factor
}
