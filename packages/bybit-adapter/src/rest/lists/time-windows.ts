import { BybitAdapterError } from '../../errors.ts'
import { byCursor } from './paging.ts'
import type { RestPage } from './rest-list.ts'
import type { PageSource, PagesEnd } from './rest-pages.ts'

/** A window of time that one query may ask for, in epoch milliseconds. */
export interface TimeWindow {
  readonly startTime: number
  readonly endTime: number
}

/** The times of which rows are wanted, in epoch milliseconds. */
export interface WantedTimes {
  readonly from: number
  /** Default now. */
  readonly to?: number | undefined
}

const DAY_MS = 86_400_000
/** The exchange refuses windows of more than 7 days. */
const WINDOW_MS = 7 * DAY_MS - 1
/** The exchange's clock is known to half a second: "until now" must not end before its now. */
const CLOCK_MARGIN_MS = 1_000
/** The exchange keeps two years; an hour less, because clocks differ and requests wait in queues. */
const HISTORY_MS = 730 * DAY_MS - 3_600_000

/**
 * Cuts a span of time into windows that the exchange accepts, oldest first.
 *
 * The exchange does not document whether the ends are inclusive. So each window begins 1 ms before the
 * end of the one before, and the first and the last reach 1 ms beyond what is wanted.
 */
export function timeWindows(from: number, to: number): TimeWindow[] {
  const windows: TimeWindow[] = []
  const last = to + 1
  let startTime = from - 1
  for (;;) {
    const endTime = Math.min(startTime + WINDOW_MS, last)
    windows.push({ startTime, endTime })
    if (endTime === last) return windows
    startTime = endTime - 1
  }
}

/**
 * The pages of windows of time: the oldest window first, each to its end.
 *
 * Throws `INVALID_OPTION` for unusable times. Leaves out what lies more than two years back, and then
 * ends as `beyond_history`.
 *
 * @param nowMs the exchange's time
 */
export function byWindow<Item>(
  { from, to }: WantedTimes,
  nowMs: () => Promise<number>,
  fetchPage: (window: TimeWindow, cursor: string) => Promise<RestPage<Item>>,
): PageSource<Item> {
  return async function* () {
    const now = await nowMs()
    const until = wholeMs('to', to ?? now + CLOCK_MARGIN_MS)
    if (wholeMs('from', from) > until) {
      throw invalid('from', `must not be after to, got ${from} and ${until}`)
    }
    const earliest = now - HISTORY_MS
    let end: PagesEnd = from < earliest ? 'beyond_history' : 'last_page'
    if (until < earliest) return end
    for (const window of timeWindows(Math.max(from, earliest), until)) {
      end = worse(end, yield* byCursor((cursor) => fetchPage(window, cursor))())
    }
    return end
  }
}

const BY_SEVERITY: readonly PagesEnd[] = [
  'last_page',
  'beyond_history',
  'empty_page',
  'no_progress',
]

function worse(a: PagesEnd, b: PagesEnd): PagesEnd {
  return BY_SEVERITY.indexOf(a) >= BY_SEVERITY.indexOf(b) ? a : b
}

function wholeMs(option: string, value: number): number {
  if (Number.isSafeInteger(value)) return value
  throw invalid(option, `must be epoch milliseconds, got ${value}`)
}

function invalid(option: string, fault: string): BybitAdapterError {
  return new BybitAdapterError('INVALID_OPTION', `${option} ${fault}`, { option })
}
