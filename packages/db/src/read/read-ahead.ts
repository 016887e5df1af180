import { untilAborted } from '@grid/core-events'

/** Some rows, and a function that fetches the next page; null at the last page. */
export interface Page<Row> {
  readonly rows: readonly Row[]
  readonly next: (() => Promise<Page<Row>>) | null
}

/** How pages are read. */
export interface ReadAheadOptions {
  readonly signal: AbortSignal | undefined
  /** Whether the next page is fetched while the rows of this one are taken. */
  readonly isAhead: boolean
}

/**
 * Gives the rows of all pages. It fetches one page ahead of the consumer at most, and begins that only
 * when a second row of the present page is asked for.
 *
 * When the consumer stops, it waits for the fetch that still runs, so that none is left behind. When
 * the signal aborts, it does not wait.
 */
export async function* readAhead<Row>(
  first: () => Promise<Page<Row>>,
  { signal, isAhead }: ReadAheadOptions,
): AsyncGenerator<Row, void, undefined> {
  signal?.throwIfAborted()
  let pending: Promise<Page<Row>> | null = first()
  try {
    while (pending !== null) {
      const { rows, next }: Page<Row> = await untilAborted(pending, signal)
      pending = null
      for (const row of rows) {
        signal?.throwIfAborted()
        yield row
        if (isAhead && pending === null && next !== null) {
          signal?.throwIfAborted()
          pending = next()
          // Its error is reported when its rows are asked for; if they never are, nobody misses it.
          pending.catch(ignore)
        }
      }
      signal?.throwIfAborted()
      pending ??= next === null ? null : next()
    }
  } finally {
    if (!signal?.aborted) await pending?.catch(ignore)
  }
}

function ignore(): void {}
