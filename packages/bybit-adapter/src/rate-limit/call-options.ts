import type { RequestPriority } from './request-window.ts'

/** Options of a single REST call. */
export interface RestCallOptions {
  /** Ends the call with `ABORTED`, even while it waits. */
  readonly signal?: AbortSignal | undefined
  /** 0 goes first, 9 last; default 5. */
  readonly priority?: RequestPriority | undefined
}
