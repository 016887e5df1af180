import type { CaptureGap, DeadLetter, Gap } from '@grid/core-events'
import { isWorthALine, type Logger } from '../log/log.ts'
import { retryLog } from '../log/retry-log.ts'
import type { LedgerChannel } from './ledger.ts'
import type { PipelineHandlers } from './pipeline.ts'
import type { WriterName } from './writer-factory.ts'

/** How many kinds of dead letters are counted at most: their fields come from outside. */
const MOST_KINDS = 1000

/** Logs what becomes of items: a few lines, however many items there are. */
export class PipelineLog implements PipelineHandlers {
  readonly #log: Logger
  readonly #deadLetters = new Map<string, number>()
  readonly #drops = new Map<LedgerChannel, number>()
  #evidenceLost = 0

  constructor(log: Logger) {
    this.#log = log
  }

  onRetry(writer: WriterName, error: unknown, failures: number): void {
    retryLog(this.#log, {
      code: 'WRITE_FAILED',
      facts: { writer },
      failing: 'cannot write, trying again',
      recovered: 'writing again',
    })(error, failures)
  }

  onDeadLetter(letter: DeadLetter): void {
    const { code, channel, symbol, accountId, field, reason } = letter
    const kind = `${code} ${channel} ${field}`
    const count = (this.#deadLetters.get(kind) ?? 0) + 1
    if (this.#deadLetters.size > MOST_KINDS) this.#deadLetters.clear()
    this.#deadLetters.set(kind, count)
    if (isWorthALine(count)) {
      this.#log.warn(
        { code, channel, symbol, accountId, field, reason, count },
        'kept as a dead letter',
      )
    }
  }

  onDrop(channel: LedgerChannel): void {
    const dropped = (this.#drops.get(channel) ?? 0) + 1
    this.#drops.set(channel, dropped)
    if (isWorthALine(dropped)) {
      this.#log.error(
        { code: 'QUEUE_FULL', channel, dropped },
        'the queue is full: dropped an item, recorded as a gap',
      )
    }
  }

  /** The log is the last place that keeps what could not be stored. */
  onEvidenceLost(what: DeadLetter | CaptureGap, reason: string): void {
    this.#evidenceLost += 1
    if (!isWorthALine(this.#evidenceLost)) return
    const { category = null, symbol = null, accountId } = what as Partial<DeadLetter>
    const { variant, startTs, endTs } = what as Partial<Gap>
    const stream = { category, channel: what.channel, symbol, variant, accountId }
    const count = this.#evidenceLost
    this.#log.error(
      { code: 'EVIDENCE_LOST', ...stream, startTs, endTs, reason, count },
      'cannot store a dead letter or a gap',
    )
  }
}
