import type { FreezeReport, PartitionedTable, RemovalReport } from '@grid/db'
import { isWorthALine, type Logger } from '../log/log.ts'
import { reasonOf } from './prepare-database.ts'

/** Tells the operator what became of old days. */
export class RetentionLog {
  readonly #log: Logger
  /** Rounds in a row in which the same went wrong. */
  readonly #failures = new Map<string, number>()

  constructor(log: Logger) {
    this.#log = log
  }

  removed(table: PartitionedTable, { removed, postponed }: RemovalReport): void {
    this.#failures.delete('RETENTION_FAILED')
    for (const { day, rows, bytes, repairOverdue } of removed) {
      const facts = { table, day, rows, bytes }
      if (repairOverdue) {
        const text = 'removed, though gaps of the day were never filled: their time ran out'
        this.#log.warn({ code: 'REPAIR_ABANDONED', ...facts }, text)
      } else {
        this.#log.info({ code: 'DAY_REMOVED', ...facts }, 'removed: past its retention')
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
      message: 'a transaction is in the way of removing days; trying again every hour',
      facts: { table, days: postponed.length, day: first?.day, reason: reasonOf(first?.error) },
    })
  }

  froze({ frozen, postponed }: FreezeReport): void {
    this.#failures.delete('DAYS_NOT_FROZEN')
    if (frozen.length === 0 && postponed.length === 0) return
    const days = frozen.map(({ table, day }) => `${table} ${day}`)
    const facts = { code: 'DAYS_FROZEN', days, postponed: postponed.length }
    this.#log.info(facts, 'froze days that are over')
  }

  failed(code: string, message: string, error: unknown): void {
    this.#repeated(code, { code, message, facts: { reason: reasonOf(error) } })
  }

  #repeated(
    key: string,
    { code, message, facts }: { code: string; message: string; facts: object },
  ): void {
    const rounds = (this.#failures.get(key) ?? 0) + 1
    this.#failures.set(key, rounds)
    if (isWorthALine(rounds)) this.#log.warn({ code, rounds, ...facts }, message)
  }
}
