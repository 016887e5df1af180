import { type Clock, nowMs } from '@grid/core-events'
import { BybitAdapterError } from '../errors.ts'
import { Deadline } from '../time/deadline.ts'

/** How a file is fetched. */
export interface FetchArchiveOptions {
  readonly url: string
  /** The UTC day that it holds. */
  readonly day: string
  readonly clock: Clock
  /** How long nothing may be received. */
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

const DAY_MS = 86_400_000
/** A file that is still missing after this will not be published. */
const PUBLISHED_WITHIN_MS = 3 * DAY_MS

/** Fetches a file piece by piece; the time limit runs only while a piece is asked for. */
export async function* fetchArchive(options: FetchArchiveOptions): AsyncGenerator<Uint8Array> {
  const { url, clock, timeoutMs, signal } = options
  using deadline = new Deadline(url, clock, timeoutMs, signal)
  const response = await fetch(url, {
    // The file is gzip already; a second encoding would hide where it ends.
    headers: { 'accept-encoding': 'identity' },
    redirect: 'manual',
    signal: deadline.signal,
  }).catch(deadline.fail)
  const reader = response.body?.getReader()
  try {
    if (response.status !== 200) throw statusError(response.status, options)
    for (;;) {
      deadline.renew()
      const chunk = await reader?.read().catch(deadline.fail)
      deadline.hold()
      if (chunk?.value === undefined) return
      yield chunk.value
    }
  } finally {
    await reader?.cancel().catch(() => {})
  }
}

function statusError(status: number, options: FetchArchiveOptions): BybitAdapterError {
  const { url, day, clock } = options
  const context = { endpoint: url, httpStatus: status }
  if (status !== 404) {
    return new BybitAdapterError('HTTP_STATUS', `${url}: HTTP ${status}`, {
      ...context,
      retryable: status === 408 || status === 429 || status >= 500,
    })
  }
  const endOfDay = Date.parse(`${day}T00:00:00Z`) + DAY_MS
  if (nowMs(clock) < endOfDay + PUBLISHED_WITHIN_MS) {
    const message = `${url} is not published yet`
    return new BybitAdapterError('ARCHIVE_NOT_PUBLISHED', message, { ...context, retryable: true })
  }
  const message = `there is no ${url}: no trades on that day, or no such symbol`
  return new BybitAdapterError('ARCHIVE_NO_FILE', message, context)
}
