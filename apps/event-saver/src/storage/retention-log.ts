import type { FreezeReport, PartitionedTable, RemovalReport } from '@grid/db'
import { isWorthALine, type Logger, levelOf } from '../log/log.ts'
import { reasonOf } from '../log/reason.ts'

/** Logs what is done with old days; of a fault that repeats every hour, a few lines. */
export class RetentionLog {
  readonly #log: Logger
  /** Rounds in a row that failed, by kind of failure. */
  readonly #failures = new Map<string, number>()

  constructor(log: Logger) {
    this.#log = log
  }

  /** Days of a table were removed, or kept by an open transaction. */
  removed(table: PartitionedTable, { removed, postponed }: RemovalReport): void {
    this.#failures.delete('RETENTION_FAILED')
    for (const { day, rows, bytes, repairOverdue } of removed) {
      const facts = { table, day, rows, bytes }
      if (repairOverdue) {
        const text = 'removed a day whose gaps were never filled: the time to repair them ran out'
        this.#log.warn({ code: 'REPAIR_ABANDONED', ...facts }, text)
      } else {
        this.#log.info({ code: 'DAY_REMOVED', ...facts }, 'removed a day past its retention')
      }
    }
    const key = `postponed ${table}`
    if (postponed.length === 0) {
      this.#failures.delete(key)
      return
    }
    const [first] = postponed
    this.#repeated(key, {
      code: 'RETENTION_POSTPONED',
      message: 'an open transaction keeps days from being removed; trying again every hour',
      facts: { table, days: postponed.length, day: first?.day, reason: reasonOf(first?.error) },
    })
  }

  /** Days that are over were frozen, or could not be yet. */
  froze({ frozen, postponed }: FreezeReport): void {
    this.#failures.delete('DAYS_NOT_FROZEN')
    if (frozen.length === 0 && postponed.length === 0) return
    const days = frozen.map(({ table, day }) => `${table} ${day}`)
    const facts = { code: 'DAYS_FROZEN', days, postponed: postponed.length }
    const none =
      'no day that is over could be frozen: a lock or an older transaction of another session is in the way'
    this.#log.info(facts, frozen.length === 0 ? none : 'froze days that are over')
  }

  /** A task failed and is tried again in an hour. */
  failed(code: string, message: string, error: unknown): void {
    this.#repeated(code, { code, message, facts: { reason: reasonOf(error) } })
  }

  #repeated(
    key: string,
    { code, message, facts }: { code: string; message: string; facts: object },
  ): void {
    const rounds = (this.#failures.get(key) ?? 0) + 1
    this.#failures.set(key, rounds)
    if (isWorthALine(rounds)) this.#log[levelOf(rounds)]({ code, rounds, ...facts }, message)
  }
}
