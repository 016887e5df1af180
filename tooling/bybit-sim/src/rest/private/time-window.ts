import type { Query } from '../request/query.ts'
import { RestRefusal } from '../request/refusal.ts'

export const DAY_MS = 86_400_000
const LONGEST_MS = 7 * DAY_MS
const KEPT_MS = 2 * 365 * DAY_MS

/** An interval of time in epoch milliseconds, both ends included. */
export interface TimeWindow {
  readonly from: number
  readonly until: number
}

/** All times. */
export const ALWAYS: TimeWindow = { from: 0, until: Infinity }

/**
 * The window of a request: `byDefault` long when an end is missing, and at most seven days.
 *
 * Throws the exchange's refusals (181006 to 181019) for unreadable, reversed, long or old windows.
 */
export function timeWindow(query: Query, now: number, byDefault = LONGEST_MS): TimeWindow {
  const start = timeOf(query, 'startTime', 181006)
  const end = timeOf(query, 'endTime', 181007)
  const until = end ?? (start === null ? now : start + byDefault)
  const from = start ?? until - byDefault
  if (from > until) throw new RestRefusal(181009, 'startTime must be less than endTime')
  if (until - from > LONGEST_MS) {
    throw new RestRefusal(181010, 'The time range between startTime and endTime exceeds 7 days')
  }
  if (from < now - KEPT_MS) {
    throw new RestRefusal(181019, 'The data is only available for the last 2 years')
  }
  return { from, until }
}

function timeOf(query: Query, name: string, retCode: number): number | null {
  const text = query.text(name)
  if (text === '') return null
  if (!/^\d{1,15}$/.test(text)) throw new RestRefusal(retCode, `${name} is not a number`)
  return Number(text)
}
