/** Some rows, and how to fetch those after them; null when there are none. */
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
 * Gives the rows of all pages, fetching at most one page ahead of the consumer, and none before the
 * second row is asked for.
 *
 * When the consumer stops, it waits for the page under way, so that nothing is left running; when
 * the signal ends the reading, it does not.
 */
export async function* readAhead<Row>(
  first: () => Promise<Page<Row>>,
  { signal, isAhead }: ReadAheadOptions,
): AsyncGenerator<Row, void, undefined> {
  signal?.throwIfAborted()
  let pending: Promise<Page<Row>> | null = first()
  try {
    while (pending !== null) {
      const { rows, next }: Page<Row> = await unlessAborted(pending, signal)
      pending = null
      for (const row of rows) {
        signal?.throwIfAborted()
        yield row
        if (isAhead && pending === null && next !== null) {
          signal?.throwIfAborted()
          pending = next()
          // Its error belongs to whoever asks for its rows, perhaps nobody.
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

async function unlessAborted<Value>(
  promise: Promise<Value>,
  signal: AbortSignal | undefined,
): Promise<Value> {
  if (signal === undefined) return promise
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    signal.throwIfAborted()
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
    promise.catch(ignore)
  }
}

function ignore(): void {}
