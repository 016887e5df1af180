import type { CaptureGap, Category, DeadLetter } from '@grid/core-events'
import type { LedgerChannel } from '../pipeline/ledger.ts'
import type { WriterName } from '../pipeline/writer-factory.ts'
import { reasonOf } from '../storage/prepare-database.ts'
import { isWorthALine, type Logger } from './log.ts'

/** Tells the log what becomes of items, a few lines however many items there are. */
export class PipelineLog {
  readonly #log: Logger
  readonly #deadLetters = new Map<string, number>()
  readonly #drops = new Map<LedgerChannel, number>()
  #evidenceLost = 0
  #unreadable = 0

  constructor(log: Logger) {
    this.#log = log
  }

  /** A write failed and will be tried again, or succeeded after failures (`failures` is then 0). */
  retry(writer: WriterName, error: unknown, failures: number): void {
    if (failures === 0) {
      this.#log.info({ writer }, 'writing again')
    } else if (isWorthALine(failures)) {
      const reason = reasonOf(error)
      this.#log.warn(
        { code: 'WRITE_FAILED', writer, failures, reason },
        'cannot write, trying again',
      )
    }
  }

  /** The list of instruments could not be read, or was after failures (`failures` is then 0). */
  listRetry(category: Category, error: unknown, failures: number): void {
    if (failures === 0) {
      this.#log.info({ category }, 'the list of instruments can be read again')
    } else if (isWorthALine(failures)) {
      this.#log.warn(
        { code: 'INSTRUMENTS_UNKNOWN', category, failures, reason: reasonOf(error) },
        'cannot read the list of instruments, trying again',
      )
    }
  }

  /** Rows of a list of instruments cannot be read; the others are followed. */
  listUnreadable(category: Category, rows: readonly DeadLetter[]): void {
    this.#unreadable += 1
    if (!isWorthALine(this.#unreadable)) return
    this.#log.warn(
      { code: 'INSTRUMENT_UNREADABLE', category, rows: rows.length, reason: rows[0]?.reason },
      'instruments that cannot be read are not followed',
    )
  }

  /** An item became a dead letter. */
  deadLetter(letter: DeadLetter): void {
    const { code, channel, symbol, accountId, field, reason } = letter
    const kind = `${code} ${channel} ${field}`
    const count = (this.#deadLetters.get(kind) ?? 0) + 1
    // Fields come from the outside: their number must not grow the map without bound.
    if (this.#deadLetters.size > 1000) this.#deadLetters.clear()
    this.#deadLetters.set(kind, count)
    if (isWorthALine(count)) {
      this.#log.warn(
        { code, channel, symbol, accountId, field, reason, count },
        'kept as a dead letter',
      )
    }
  }

  /** An item found no room. */
  drop(channel: LedgerChannel): void {
    const dropped = (this.#drops.get(channel) ?? 0) + 1
    this.#drops.set(channel, dropped)
    if (isWorthALine(dropped)) {
      this.#log.error({ code: 'QUEUE_FULL', channel, dropped }, 'no room: dropped, with a gap')
    }
  }

  /** A dead letter or a gap could not be kept: the log is the last place to say so. */
  evidenceLost(what: DeadLetter | CaptureGap, reason: string): void {
    this.#evidenceLost += 1
    if (!isWorthALine(this.#evidenceLost)) return
    const { category = null, symbol = null, accountId } = what as Partial<DeadLetter>
    const { channel } = what
    const bounds = 'startTs' in what ? { startTs: what.startTs, endTs: what.endTs } : {}
    const count = this.#evidenceLost
    this.#log.error(
      { code: 'EVIDENCE_LOST', category, channel, symbol, accountId, ...bounds, reason, count },
      'could not be kept',
    )
  }
}
