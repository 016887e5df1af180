const ZERO = 48
const NINE = 57
const DOT = 46

/**
 * Reads epoch seconds with decimals, or epoch milliseconds, and rounds down to a millisecond.
 *
 * It reads the digits as text, because a binary float of seconds is a millisecond off in half of the
 * rows. Gives NaN for anything else.
 *
 * @example
 * archiveTime('1760000000.1012', 0, 15, true) // 1760000000101
 */
export function archiveTime(
  text: string,
  start: number,
  end: number,
  isInSeconds: boolean,
): number {
  let value = 0
  let at = start
  for (; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code < ZERO || code > NINE) break
    value = value * 10 + code - ZERO
  }
  if (at === start || at - start > 15) return Number.NaN
  const dot = at
  if (at < end) {
    if (text.charCodeAt(at) !== DOT || at + 1 === end) return Number.NaN
    for (at++; at < end; at++) {
      const code = text.charCodeAt(at)
      if (code < ZERO || code > NINE) return Number.NaN
      if (isInSeconds && at - dot <= 3) value = value * 10 + code - ZERO
    }
  }
  if (!isInSeconds) return value
  for (let decimals = Math.max(0, end - dot - 1); decimals < 3; decimals++) value *= 10
  return value
}
