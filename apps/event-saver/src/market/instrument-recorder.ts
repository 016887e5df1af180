import type { Category, Clock } from '@grid/core-events'
import { type GridDatabase, type InstrumentList, InstrumentRepository } from '@grid/db'
import type { Kysely } from 'kysely'
import type { Logger } from '../log/log.ts'
import { retryLog } from '../log/retry-log.ts'
import type { ListReading } from './trading-instruments.ts'

/** What a recorder needs. */
export interface InstrumentRecorderOptions {
  readonly db: Kysely<GridDatabase>
  readonly clock: Clock
  readonly collector: string
  readonly log: Logger
  /** How often a list is read. */
  readonly pollMs: number
}

/** What is known of a category's instruments. */
export interface InstrumentStatus {
  readonly category: Category
  /** How many the newest whole list has; null before the first. */
  readonly listed: number | null
  /** The exchange's time of the newest whole list, in epoch milliseconds; null before the first. */
  readonly readAt: number | null
  /** The exchange's time of the newest list that is recorded, by any collector, in epoch milliseconds. */
  readonly recordedAt: number | null
  /** Rows that this collector wrote: new and changed instruments. */
  readonly changes: number
  /** Instruments whose end this collector recorded. */
  readonly ended: number
}

interface Waiting {
  readonly list: InstrumentList
  readonly exchangeTs: number
  readonly localTsUs: number
}

/**
 * Records the lists of instruments that are read. While the database is away the newest list of each
 * category waits: the rows then say that a change came between the lists that are recorded.
 */
export class InstrumentRecorder {
  readonly #options: InstrumentRecorderOptions
  readonly #repository: InstrumentRepository
  readonly #statuses = new Map<Category, InstrumentStatus>()
  readonly #waiting = new Map<Category, Waiting>()
  readonly #tell: (error: unknown, failures: number) => void
  #failures = 0
  #isOpen = false
  #writing: Promise<void> = Promise.resolve()

  constructor(options: InstrumentRecorderOptions) {
    this.#options = options
    this.#repository = new InstrumentRepository(options.db)
    this.#tell = retryLog(options.log, {
      code: 'INSTRUMENTS_NOT_RECORDED',
      failing: 'cannot record the list of instruments, trying again with the next one',
      recovered: 'the list of instruments is recorded again',
    })
  }

  /** What is known of each category whose instruments are read. */
  statuses(): InstrumentStatus[] {
    return [...this.#statuses.values()]
  }

  /** A category whose instruments will be read. */
  expect(category: Category): void {
    const nothing = { listed: null, readAt: null, recordedAt: null, changes: 0, ended: 0 }
    this.#statuses.set(category, { category, ...nothing })
  }

  /** Takes a list that was read; an earlier one that still waits is replaced by it. */
  take(category: Category, reading: ListReading): void {
    const { items, deadLetters, end, exchangeTs, isWhole, localTsUs } = reading
    if (exchangeTs === null || localTsUs === null) return
    const unreadable = deadLetters.flatMap(({ symbol }) => symbol ?? [])
    // A row without a readable name may be any instrument's, and so may be what other coins have.
    const isNamed = unreadable.length === deadLetters.length
    const isComplete = end === 'last_page' && isNamed && isWhole
    if (isComplete) {
      this.#note(category, { listed: items.length + unreadable.length, readAt: exchangeTs })
    }
    const list = { category, instruments: items, isComplete, unreadable }
    this.#waiting.set(category, { list, exchangeTs, localTsUs })
    if (this.#isOpen) this.#write()
  }

  /** The database is ready. */
  open(): void {
    this.#isOpen = true
    this.#write()
  }

  /** Writes no further lists. */
  close(): void {
    this.#isOpen = false
  }

  /** Resolves when nothing is being written; never rejects. */
  settled(): Promise<void> {
    return this.#writing
  }

  #write(): void {
    this.#writing = this.#writing.then(async () => {
      for (const [category, waiting] of this.#waiting) {
        if (this.#isOpen) await this.#record(category, waiting)
      }
    })
  }

  async #record(category: Category, waiting: Waiting): Promise<void> {
    const { collector, log, pollMs } = this.#options
    const { list, exchangeTs, localTsUs } = waiting
    // Two lists of one moment, by two collectors, are one proof that an instrument is gone.
    const reading = { exchangeTs, localTsUs, collector, confirmMs: pollMs / 2 }
    try {
      const { opened, ended } = await this.#repository.record(list, reading)
      if (this.#waiting.get(category) === waiting) this.#waiting.delete(category)
      if (this.#failures > 0) this.#tell(null, 0)
      this.#failures = 0
      const before = this.#statuses.get(category)
      this.#note(category, {
        ...(list.isComplete ? { recordedAt: exchangeTs } : {}),
        changes: (before?.changes ?? 0) + opened,
        ended: (before?.ended ?? 0) + ended,
      })
      if (opened + ended > 0) log.info({ category, opened, ended }, 'instruments have changed')
    } catch (error) {
      this.#failures += 1
      this.#tell(error, this.#failures)
    }
  }

  #note(category: Category, known: Partial<InstrumentStatus>): void {
    const before = this.#statuses.get(category)
    if (before !== undefined) this.#statuses.set(category, { ...before, ...known })
  }
}
