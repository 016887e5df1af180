/** Milliseconds of a UTC day. */
export const DAY_MS = 86_400_000

/** The number, since 1970, of the UTC day of an instant in epoch milliseconds. */
export function dayOf(epochMs: number): number {
  return Math.floor(epochMs / DAY_MS)
}

/** The start of the UTC day of an instant, both in epoch milliseconds. */
export function startOfDay(epochMs: number): number {
  return dayOf(epochMs) * DAY_MS
}

/** A day, by its number, as `2026-11-22`. */
export function dayText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}

/** The name of a table's partition: `public_trades_y2026m11d22`. */
export function partitionName(table: string, day: number): string {
  const [year, month, date] = dayText(day).split('-')
  return `${table}_y${year}m${month}d${date}`
}
