import { type Clock, sleep } from '@grid/core-events'
import {
  ensureUpcomingPartitions,
  finishRemovals,
  freezeClosedDays,
  type GridDatabase,
  PARTITIONED_TABLES,
  type PartitionedTable,
  pruneDays,
} from '@grid/db'
import type { Kysely } from 'kysely'
import type { Retention } from '../config/retention.ts'
import type { Logger } from '../log/log.ts'
import { reasonOf } from './prepare-database.ts'
import { RetentionLog } from './retention-log.ts'
import { type RetentionTotal, RetentionTotals } from './retention-totals.ts'

const EVERY_MS = 3_600_000
/** Days frozen a round: a database that was never kept like this is not to be read all at once. */
const FREEZE_LIMIT = 4

const INSUFFICIENT_PRIVILEGE = '42501'
const NOT_OWNER =
  'trades and tickers wait for the partitions of their days, which only the owner of the tables can make: capture as the owner or a member of it, or run a saver of the owner beside this one'

/** What a keeper works with. */
export interface PartitionKeeperOptions {
  /** Without a statement timeout, as a big day takes long. */
  readonly db: Kysely<GridDatabase>
  readonly clock: Clock
  readonly log: Logger
  readonly retention: Retention
  /** Recorded as who wanted a day gone. */
  readonly collector: string
  /** Whether to freeze closed days: within this process it would stand still meanwhile. */
  readonly freezes: boolean
}

/**
 * Keeps the days in order: makes those of today and tomorrow, so that no batch has to wait for them
 * at midnight, removes those past their retention, and freezes those that are over.
 */
export class PartitionKeeper {
  readonly #totals = new RetentionTotals()
  readonly #options: PartitionKeeperOptions
  readonly #log: RetentionLog
  readonly #stopping = new AbortController()
  #running: Promise<unknown> = Promise.resolve()

  constructor(options: PartitionKeeperOptions) {
    this.#options = options
    this.#log = new RetentionLog(options.log)
  }

  /** What was removed since the start. */
  get totals(): readonly RetentionTotal[] {
    return this.#totals.list()
  }

  /** Does all of it now and every hour. */
  start(): void {
    // The first must not wait for the others, which may read whole days.
    this.#running = Promise.all([
      this.#everyHour(() => this.#makeAhead()),
      this.#everyHour(() => this.#removeAndFreeze()),
    ])
  }

  /** Begins nothing more; done when nothing runs. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #everyHour(work: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await work()
      await sleep(this.#options.clock, EVERY_MS, signal)
    }
  }

  async #makeAhead(): Promise<void> {
    const { db, log } = this.#options
    try {
      await ensureUpcomingPartitions(db)
    } catch (error) {
      const reason = reasonOf(error)
      const line = { code: 'PARTITIONS_NOT_MADE', reason }
      if ((error as { code?: unknown }).code === INSUFFICIENT_PRIVILEGE) log.error(line, NOT_OWNER)
      else log.warn(line, 'partitions are made on demand')
    }
  }

  async #removeAndFreeze(): Promise<void> {
    for (const table of PARTITIONED_TABLES) await this.#remove(table)
    const { db, freezes } = this.#options
    if (!freezes) return
    try {
      const { signal } = this.#stopping
      this.#log.froze(await freezeClosedDays(db, { limit: FREEZE_LIMIT, signal }))
    } catch (error) {
      this.#log.failed('DAYS_NOT_FROZEN', 'cannot freeze the days that are over', error)
    }
  }

  async #remove(table: PartitionedTable): Promise<void> {
    const { db, retention, collector } = this.#options
    const { signal } = this.#stopping
    const olderThanMs = retention[table]
    try {
      const report =
        olderThanMs === null
          ? await finishRemovals(db, { table, signal })
          : await pruneDays(db, { table, olderThanMs, requestedBy: collector, signal })
      this.#totals.add(table, report)
      this.#log.removed(table, report)
    } catch (error) {
      this.#log.failed('RETENTION_FAILED', `cannot remove days of ${table}`, error)
    }
  }
}
