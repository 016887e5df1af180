import type { RequestPriority } from './request-window.ts'

/** Options of a single call. */
export interface RestCallOptions {
  /** Ends the call, waits included, with `ABORTED`. */
  readonly signal?: AbortSignal | undefined
  /** 0 goes first, 9 last; default 5. */
  readonly priority?: RequestPriority | undefined
}
