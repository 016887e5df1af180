import type { Category, Instrument } from '@grid/core-events'

/** What the exchange listed in one category at one time. */
export interface InstrumentList {
  readonly category: Category
  readonly instruments: readonly Instrument[]
  /**
   * Whether the list had everything that the exchange lists. Of a partial list the instruments that it
   * has are recorded, and nothing is concluded from those that it lacks.
   */
  readonly isComplete: boolean
  /** Symbols whose rows could not be read: they are listed, and what is known of them stays. */
  readonly unreadable?: readonly string[]
}

/** When a list was read, and by whom. */
export interface ListReading {
  /** The exchange's time of the reply, in epoch milliseconds. */
  readonly exchangeTs: number
  /** Receive time in epoch microseconds. */
  readonly localTsUs: number
  readonly collector: string
  /**
   * An instrument ends once two complete lists that lie at least this far apart lack it: one list may
   * be short without saying so. Milliseconds, default 1: two lists.
   */
  readonly confirmMs?: number
}

/** What a list changed. */
export interface RecordedList {
  /** Instruments that are new or changed: as many rows were written. */
  readonly opened: number
  /** Instruments that are no longer listed. */
  readonly ended: number
  /** Whether another collector had recorded a newer list already; then nothing was written. */
  readonly isSuperseded: boolean
}

/** A time in which nothing about an instrument changed. All times in epoch milliseconds. */
export interface InstrumentState {
  readonly category: Category
  readonly symbol: string
  readonly instrument: Instrument
  /** The exchange's time of the first list that showed this: the state holds from here, or from before. */
  readonly validFrom: number
  /** From when on it holds no longer; null while it does. */
  readonly validUntil: number | null
  /**
   * The last list that showed something else, or did not have the instrument: the change came after
   * it. Null when no list was read before.
   */
  readonly changedAfter: number | null
  /** The last list that showed this; null while it holds. */
  readonly confirmedUntil: number | null
  /** When it was first seen: receive time in epoch microseconds. */
  readonly localTsUs: number
  readonly source: string
  /** The collector that saw it first. */
  readonly collector: string
}

/** When an instrument was listed. Times in epoch milliseconds. */
export interface Listing {
  readonly category: Category
  readonly symbol: string
  /**
   * Its launch, where the exchange says it and it fits to what was seen; otherwise the first list that
   * had it.
   */
  readonly from: number
  /**
   * Its delivery or delisting, where the exchange said it and it fits to what was seen; otherwise the
   * first list that lacked it. Null while it is listed.
   */
  readonly until: number | null
}

/** The newest complete list of a category. */
export interface LastList {
  readonly category: Category
  readonly exchangeTs: number
  readonly localTsUs: number
  readonly instruments: number
  readonly collector: string
}
