import type { Discard } from '@grid/bybit-adapter'
import type { DeadLetter, GridEvent } from '@grid/core-events'

/** A frame with everything that it was normalized to. */
export interface ArrivedFrame extends ArrivedRows {
  readonly frame: { readonly bytes: Uint8Array; readonly localTsUs: number }
  readonly discarded: readonly Discard[]
}

/** The rows of a REST reply. */
export interface ArrivedRows {
  readonly events: readonly GridEvent[]
  readonly deadLetters: readonly DeadLetter[]
  /** Events that the configuration leaves out: they are counted, and not stored. */
  readonly filtered?: readonly GridEvent[]
}
