import type { DeadLetter } from '@grid/core-events'
import type { LedgerChannel } from './capture/ledger.ts'
import type { WriterName } from './capture/pipeline.ts'
import { reasonOf } from './database.ts'
import { isWorthALine, type Logger } from './log.ts'

/** Tells the log what becomes of items, a few lines however many items there are. */
export class PipelineLog {
  readonly #log: Logger
  readonly #deadLetters = new Map<string, number>()
  readonly #drops = new Map<LedgerChannel, number>()

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

  /** An item became a dead letter. */
  deadLetter(letter: DeadLetter): void {
    const { code, channel, symbol, field, reason } = letter
    const kind = `${code} ${channel} ${field}`
    const count = (this.#deadLetters.get(kind) ?? 0) + 1
    // Fields come from the outside: their number must not grow the map without bound.
    if (this.#deadLetters.size > 1000) this.#deadLetters.clear()
    this.#deadLetters.set(kind, count)
    if (isWorthALine(count)) {
      this.#log.warn({ code, channel, symbol, field, reason, count }, 'kept as a dead letter')
    }
  }

  /** Items found no room. */
  drop(channel: LedgerChannel, items: number): void {
    const before = this.#drops.get(channel) ?? 0
    this.#drops.set(channel, before + items)
    if (isWorthALine(before + 1)) {
      const dropped = before + items
      this.#log.error({ code: 'QUEUE_FULL', channel, dropped }, 'no room: dropped, with a gap')
    }
  }
}
