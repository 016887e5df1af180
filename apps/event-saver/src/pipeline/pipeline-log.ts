import { performance } from 'node:perf_hooks'
import { type CaptureGap, type DeadLetter, durationText } from '@grid/core-events'
import { contentOf } from '../log/content.ts'
import { isWorthALine, type Logger } from '../log/log.ts'
import { retryLog } from '../log/retry-log.ts'
import type { LedgerChannel } from './ledger.ts'
import type { PipelineHandlers } from './pipeline-options.ts'
import type { WriterName } from './writers/writer-factory.ts'

/** How many lost items are logged with their content; of more only some are, so that the log stays bounded. */
const MOST_CONTENTS = 10_000
/** How many kinds of dead letters are counted at most: their fields come from outside. */
const MOST_KINDS = 1000

/** How often the slow writes of one writer have a line: a slow database makes each write slow. */
const SLOW_EVERY_MS = 60_000

/** The slow writes of one writer. */
interface SlowWrites {
  readonly count: number
  /** When one had a line; null before the first. */
  readonly toldMs: number | null
  /** Whether the one that lasts had a line. */
  readonly isTold: boolean
}

/** Logs what becomes of items: a few lines, however many items there are. */
export class PipelineLog implements PipelineHandlers {
  readonly #log: Logger
  readonly #deadLetters = new Map<string, number>()
  readonly #slow = new Map<WriterName, SlowWrites>()
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

  onSlow(writer: WriterName, rows: number, ms: number, isOver: boolean): void {
    const before = this.#slow.get(writer) ?? { count: 0, toldMs: null, isTold: false }
    const facts = { code: 'WRITE_SLOW', writer, rows, ms }
    if (isOver) {
      if (before.isTold) this.#log.info(facts, 'the slow write is over')
      this.#slow.set(writer, { ...before, isTold: false })
      return
    }
    const count = before.count + 1
    const nowMs = performance.now()
    const isTold = before.toldMs === null || nowMs - before.toldMs >= SLOW_EVERY_MS
    this.#slow.set(writer, { count, toldMs: isTold ? nowMs : before.toldMs, isTold })
    const text = `a write takes longer than ${durationText(ms)}`
    if (isTold) this.#log.warn({ ...facts, count }, text)
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
        'the queue is full: dropped an item, a gap will cover it',
      )
    }
  }

  /** The log is the last place that keeps what could not be stored. */
  onEvidenceLost(what: DeadLetter | CaptureGap, reason: string): void {
    this.#evidenceLost += 1
    const count = this.#evidenceLost
    if (count > MOST_CONTENTS && !isWorthALine(count)) return
    const facts = { code: 'EVIDENCE_LOST', reason, count }
    if ('raw' in what) {
      const { raw, reason: fault, code: kind, ...letter } = what
      const lost = { ...letter, kind, fault, ...contentOf(raw) }
      this.#log.error({ ...lost, ...facts }, 'a dead letter could not be stored, and is lost')
    } else {
      const { reason: cause, ...gap } = what
      this.#log.error({ ...gap, cause, ...facts }, 'a gap could not be stored: look at this line')
    }
  }
}
