import type { RestList, RestPage } from './rest-list.ts'
import type { PageSource } from './rest-pages.ts'

/** Pages of which each names the next by a cursor. */
export function byCursor<Item>(
  fetchPage: (cursor: string) => Promise<RestPage<Item>>,
): PageSource<Item> {
  return async function* () {
    const seen = new Set([''])
    let cursor = ''
    for (;;) {
      const page = await fetchPage(cursor)
      yield page
      if (page.cursor === '') return 'last_page'
      if (page.items.length + page.deadLetters.length === 0) return 'empty_page'
      if (seen.has(page.cursor)) return 'no_progress'
      seen.add(page.cursor)
      cursor = page.cursor
    }
  }
}

/** The wanted times in epoch milliseconds, both inclusive. */
export interface TimeRange {
  readonly from?: number | undefined
  readonly to?: number | undefined
}

/**
 * Pages without a cursor, newest first: each ends just before the oldest row of the page before.
 *
 * Without `from` there is only one page, the newest.
 */
export function byEndTime<Item>(
  { from, to }: TimeRange,
  timeOf: (item: Item) => number,
  fetchPage: (endTime: number | undefined) => Promise<RestList<Item>>,
): PageSource<Item> {
  return async function* () {
    let endTime = to
    for (;;) {
      const page = await fetchPage(endTime)
      if (from === undefined) {
        yield page
        return 'last_page'
      }
      yield { ...page, items: page.items.filter((item) => timeOf(item) >= from) }
      if (page.items.length + page.deadLetters.length === 0) return 'last_page'
      const oldest = Math.min(...page.items.map(timeOf))
      if (oldest <= from) return 'last_page'
      if (oldest > (endTime ?? Number.MAX_SAFE_INTEGER)) return 'no_progress'
      endTime = oldest - 1
    }
  }
}
