import { type Clock, repeat, untilAborted } from '@grid/core-events'
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
import { reasonOf } from '../log/reason.ts'
import { RetentionLog } from './retention-log.ts'
import { type RetentionTotal, RetentionTotals } from './retention-totals.ts'

const EVERY_MS = 3_600_000
const BACKOFF = { baseMs: EVERY_MS, capMs: EVERY_MS, jitter: false }
/** Days frozen in one round, so that a database that was never maintained is not read all at once. */
const FREEZE_LIMIT = 4
/** How long a stop waits for a removal or a freeze that runs. */
const PATIENCE_MS = 2000

const INSUFFICIENT_PRIVILEGE = '42501'
const NOT_OWNER =
  'market data waits for the partitions of its days, which only the owner of the tables can make: capture as the owner or a member of it, or run a saver of the owner beside this one'

/** What a keeper works with. */
export interface PartitionKeeperOptions {
  /** Without a statement timeout, as removing or freezing a big day takes long. */
  readonly db: Kysely<GridDatabase>
  readonly clock: Clock
  readonly log: Logger
  readonly retention: Retention
  /** Recorded as the one who asked for a removal. */
  readonly collector: string
  /** Whether to freeze closed days. An embedded database would stop the process meanwhile. */
  readonly freezes: boolean
}

/**
 * Maintains the daily partitions, every hour: makes those of today and tomorrow, so that no batch
 * waits for them at midnight, removes those past their retention, and freezes those that are over.
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

  /** What was removed since the start, by table. */
  get totals(): readonly RetentionTotal[] {
    return this.#totals.list()
  }

  /** Begins the first round of each task, and repeats both every hour. */
  start(): void {
    // Side by side: making partitions must not wait for removals and freezes, which may take long.
    this.#running = Promise.all([
      this.#everyHour(() => this.#makeAhead()),
      this.#everyHour(() => this.#removeAndFreeze()),
    ])
  }

  /**
   * Begins nothing more and waits for what runs, for 2 s or until the signal aborts. What is cut
   * short is finished after the next start.
   */
  async stop(signal: AbortSignal): Promise<void> {
    this.#stopping.abort()
    const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)])
    await untilAborted(this.#running, patience).catch(() => {})
  }

  #everyHour(work: () => Promise<void>): Promise<void> {
    const { clock } = this.#options
    const hourly = async (): Promise<number> => {
      await work()
      return EVERY_MS
    }
    return repeat(hourly, { clock, backoff: BACKOFF, signal: this.#stopping.signal })
  }

  async #makeAhead(): Promise<void> {
    const { db, log } = this.#options
    try {
      await ensureUpcomingPartitions(db)
    } catch (error) {
      const reason = reasonOf(error)
      const line = { code: 'PARTITIONS_NOT_MADE', reason }
      if ((error as { code?: unknown }).code === INSUFFICIENT_PRIVILEGE) log.error(line, NOT_OWNER)
      else log.warn(line, 'cannot make partitions ahead; they are made when a batch needs them')
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
