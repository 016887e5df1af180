import type { Category, DeadLetter } from '@grid/core-events'
import { isWorthALine, type Logger } from '../log/log.ts'
import { retryLog } from '../log/retry-log.ts'

/** How many instruments a line names. */
const MOST_NAMED = 20

/** Logs how the lists of instruments are read. */
export class MarketLog {
  readonly #log: Logger
  #unreadable = 0
  readonly #partial = new Set<Category>()

  constructor(log: Logger) {
    this.#log = log
  }

  /** A list could not be read, or was read after failures (`failures` is then 0). */
  listRetry(category: Category, error: unknown, failures: number): void {
    retryLog(this.#log, {
      code: 'INSTRUMENTS_UNKNOWN',
      facts: { category },
      failing: 'cannot read the list of instruments, trying again',
      recovered: 'the list of instruments can be read again',
    })(error, failures)
  }

  /** A capture begins with the list that an earlier process kept. */
  listKept(category: Category, symbols: number, keptAt: number): void {
    const facts = { category, symbols, keptAt: new Date(keptAt).toISOString() }
    this.#log.info(facts, 'capturing what was last listed, until the list is read')
  }

  /** The exchange may list instruments of other coins. Logged once a category. */
  listPartial(category: Category, coins: readonly string[]): void {
    if (this.#partial.has(category)) return
    this.#partial.add(category)
    this.#log.warn(
      { code: 'INSTRUMENTS_PARTIAL', category, coins },
      'the exchange lists instruments of these coins only and does not say whether there are others: others are not captured',
    )
  }

  /** Instruments are captured no longer, because the exchange lists them no longer. */
  delisted(category: Category, symbols: readonly string[]): void {
    if (symbols.length === 0) return
    const facts = { category, instruments: symbols.length, symbols: symbols.slice(0, MOST_NAMED) }
    this.#log.info({ code: 'DELISTED', ...facts }, 'delisted: no longer captured')
  }

  /** It could be read after all when instruments were last stored before they were captured. */
  pastKnown(category: Category, symbols: number): void {
    this.#log.info({ category, symbols }, 'what was missed before the capture is known now')
  }

  /** Some rows of a list cannot be read. */
  listUnreadable(category: Category, rows: readonly DeadLetter[]): void {
    this.#unreadable += 1
    if (!isWorthALine(this.#unreadable)) return
    this.#log.warn(
      { code: 'INSTRUMENT_UNREADABLE', category, rows: rows.length, reason: rows[0]?.reason },
      'cannot read some instruments of the list: they are not captured',
    )
  }
}
