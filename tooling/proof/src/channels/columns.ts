/** A column's name, the value it must hold and the value it holds; both are text or null. */
export type ColumnPair = readonly [column: string, expected: string | null, stored: string | null]

/** How far a receive time may lie before the time of production, because two processes read two clocks. */
const CLOCK_TOLERANCE_US = 50_000

/** The columns that say when and how a row was received. */
export function receptionColumns(
  producedAtUs: number,
  stored: { readonly source: string; readonly localTsUs: number },
  source: 'ws' | 'rest' = 'ws',
): ColumnPair[] {
  const tooEarly = stored.localTsUs < producedAtUs - CLOCK_TOLERANCE_US
  const tooLate = stored.localTsUs > Date.now() * 1000 + CLOCK_TOLERANCE_US
  const verdict = tooEarly ? 'before it was produced' : tooLate ? 'in the future' : 'in time'
  return [
    ['source', source, stored.source],
    ['localTsUs', 'in time', verdict],
  ]
}

/** A stored value as text. */
export function textOf(value: string | number | boolean | null): string | null {
  return value === null ? null : String(value)
}

/** Names in a form that does not depend on their order. */
export function sortedNames(names: readonly string[]): string {
  return [...names].sort().join(' ')
}
