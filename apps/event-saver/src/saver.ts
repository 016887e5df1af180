import { BybitRestClient, type StreamStatus } from '@grid/bybit-adapter'
import { type Category, type Clock, nowMs, systemClock } from '@grid/core-events'
import { CaptureGapRepository, createDatabase, type GridDatabase } from '@grid/db'
import type { Kysely } from 'kysely'
import { AccountService } from './accounts/account-service.ts'
import type { Config } from './config/config.ts'
import { retentionOf } from './config/retention.ts'
import { LoopWatchdog } from './health/loop-watchdog.ts'
import { Readiness } from './health/readiness.ts'
import { readSaverStatus } from './health/saver-status.ts'
import { HttpServer } from './health/server.ts'
import type { SaverStatus } from './health/status.ts'
import { MemoryJournal } from './journal/journal.ts'
import type { Logger } from './log/log.ts'
import { PipelineLog } from './log/pipeline-log.ts'
import { StreamLog } from './log/stream-log.ts'
import { MarketCapture } from './market/market-capture.ts'
import { readLastStored, StartGaps } from './market/start-gaps.ts'
import { Pipeline } from './pipeline/pipeline.ts'
import { PartitionKeeper } from './storage/partition-keeper.ts'
import { maintenanceDatabase, prepareDatabase, reasonOf } from './storage/prepare-database.ts'
import { untilAborted } from './until-aborted.ts'

/** What a saver is made of. */
export interface SaverOptions {
  readonly config: Config
  readonly log: Logger
  readonly clock?: Clock
  /** End with exit code 75 instead of trying again while the database is away at the start. */
  readonly exitOnDbError?: boolean
  /**
   * How long after a gap's end the exchange's history of an account is taken for its last word.
   * Default 30,000 ms.
   */
  readonly historySettleMs?: number
  /** How often the list of a category's instruments is read. Default 20,000 ms. */
  readonly listPollMs?: number
}

const HISTORY_SETTLE_MS = 30_000
const LIST_POLL_MS = 20_000

/** How long a stop waits for the removal or freezing of a day that runs. */
const KEEPER_PATIENCE_MS = 2000

/** How a saver ended. */
export interface StopReport {
  /** Items that the stop itself could not store. */
  readonly lost: number
  /** Items for which there was no room while it ran; gaps say where. */
  readonly dropped: number
}

/**
 * One collector: captures the configured streams into the database until it is stopped.
 *
 * Capture begins at once; while the database is away, events wait in memory.
 *
 * @example
 * const saver = new Saver({ config, log })
 * await saver.start()
 * const { lost, dropped } = await saver.stop(AbortSignal.timeout(30_000))
 */
export class Saver {
  /** Rejects when the saver cannot go on; never resolves. */
  readonly failure: Promise<never>
  readonly pipeline: Pipeline
  readonly #config: Config
  readonly #log: Logger
  readonly #clock: Clock
  readonly #exitOnDbError: boolean
  readonly #db: Kysely<GridDatabase>
  readonly #maintenanceDb: Kysely<GridDatabase>
  readonly #journal = new MemoryJournal()
  readonly #markets: readonly MarketCapture[]
  readonly #http: HttpServer
  readonly #watchdog: LoopWatchdog
  readonly #readiness = new Readiness()
  readonly #streamLog: StreamLog
  readonly #partitions: PartitionKeeper
  readonly #accounts: AccountService
  readonly #startGaps = new StartGaps((gap) => this.pipeline.acceptGap(gap))
  readonly #stopping = new AbortController()
  readonly #startedAt: number
  #fail: (error: unknown) => void = () => {}
  #failed = false
  #preparing: Promise<void> = Promise.resolve()
  #databaseReady = false
  #connections = 0

  constructor({
    config,
    log,
    clock = systemClock,
    exitOnDbError = false,
    historySettleMs = HISTORY_SETTLE_MS,
    listPollMs = LIST_POLL_MS,
  }: SaverOptions) {
    this.#config = config
    this.#log = log
    this.#streamLog = new StreamLog(log, clock)
    this.#clock = clock
    this.#exitOnDbError = exitOnDbError
    this.#startedAt = nowMs(clock)
    this.#db = createDatabase({ url: config.databaseUrl, applicationName: 'event-saver' })
    this.#maintenanceDb = maintenanceDatabase(config, this.#db)
    this.#partitions = new PartitionKeeper({
      db: this.#maintenanceDb,
      clock,
      log,
      retention: retentionOf(config),
      collector: config.collector,
      freezes: this.#maintenanceDb !== this.#db,
    })
    const pipelineLog = new PipelineLog(log)
    this.pipeline = new Pipeline({
      db: this.#db,
      journal: this.#journal,
      clock,
      collector: config.collector,
      batchSize: config.batchSize,
      flushIntervalMs: config.flushInterval,
      maxWaiting: config.maxWaiting,
      gapThresholdMs: config.gapThreshold,
      handlers: {
        onRetry: (writer, error, failures) => pipelineLog.retry(writer, error, failures),
        onDeadLetter: (letter) => pipelineLog.deadLetter(letter),
        onDrop: (channel) => pipelineLog.drop(channel),
        onEvidenceLost: (what, reason) => pipelineLog.evidenceLost(what, reason),
        onDefect: (error) => this.#fail(error),
      },
    })
    this.#markets = this.#makeMarkets(pipelineLog, listPollMs)
    this.#accounts = new AccountService({
      config,
      clock,
      db: this.#db,
      journal: this.#journal,
      pipeline: this.pipeline,
      log,
      streamLog: this.#streamLog,
      historySettleMs,
      onConnection: () => {
        this.#connections += 1
      },
    })
    this.#http = new HttpServer({
      status: () => this.status(),
      alive: () => !this.#failed && !this.#watchdog.stalled,
    })
    // Readiness knows since when each verdict stands only if it is asked regularly.
    this.#watchdog = new LoopWatchdog(() => this.status())
    this.failure = new Promise((_, reject) => {
      this.#fail = (error) => {
        this.#failed = true
        reject(error)
      }
    })
    this.failure.catch(() => {})
  }

  /** Serves health, begins to capture and to prepare the database; gives the HTTP address. */
  async start(): Promise<string> {
    const address = await this.#http.listen(this.#config.httpAddress)
    for (const market of this.#markets) market.start()
    this.#preparing = this.#prepare()
    return address
  }

  /** Everything that is known of this saver, read in one synchronous step. */
  status(): SaverStatus {
    return readSaverStatus({
      config: this.#config,
      clock: this.#clock,
      markets: this.#markets,
      pipeline: this.pipeline,
      readiness: this.#readiness,
      accounts: this.#accounts.statuses(),
      startedAt: this.#startedAt,
      databaseReady: this.#databaseReady,
      journalBytes: this.#journal.bytes,
      connections: this.#connections,
      retention: this.#partitions.totals,
      isStalled: this.#watchdog.stalled,
    })
  }

  /**
   * Stops capturing, stores what waits and closes everything; the signal ends the patience.
   */
  async stop(signal: AbortSignal): Promise<StopReport> {
    await Promise.all([...this.#markets.map((market) => market.close()), this.#accounts.close()])
    if (!this.#databaseReady && this.pipeline.waitingInAll > 0) {
      await settledOrAborted(this.#preparing, signal)
    }
    this.#stopping.abort()
    // What is cut short here is gone on with at the next start.
    const kept = this.#partitions.stop()
    await settledOrAborted(kept, AbortSignal.any([signal, AbortSignal.timeout(KEEPER_PATIENCE_MS)]))
    const sum = (): number => this.pipeline.sample().reduce((n, entry) => n + entry.dropped, 0)
    const dropped = sum()
    const lost = await this.pipeline.drain(signal)
    await settledOrAborted(this.#db.destroy(), signal)
    if (this.#maintenanceDb !== this.#db) {
      const closed = this.#maintenanceDb.destroy()
      await settledOrAborted(
        closed,
        AbortSignal.any([signal, AbortSignal.timeout(KEEPER_PATIENCE_MS)]),
      )
    }
    await this.#http.close()
    this.#watchdog.stop()
    return { lost, dropped }
  }

  #makeMarkets(log: PipelineLog, listPollMs: number): MarketCapture[] {
    const { environment, wsUrl, restUrl, channels, symbols } = this.#config
    const clock = this.#clock
    const rest = restUrl === undefined ? {} : { restUrl }
    const client = new BybitRestClient({ environment, clock, ...rest })
    const stream = { environment, channels, clock, ...(wsUrl === undefined ? {} : { wsUrl }) }
    return symbols.map(
      (wanted) =>
        new MarketCapture({
          wanted,
          stream,
          client,
          clock,
          listPollMs,
          journal: this.#journal,
          pipeline: this.pipeline,
          onStatus: (status, category) => this.#onStatus(status, category),
          // Until the database is ready, what was stored is read for all together when it is.
          beforeSymbols: async (category, symbols) => {
            if (this.#databaseReady) await this.#readLastStored(category, symbols)
          },
          onRemoved: (category, symbols) => {
            for (const symbol of symbols) this.#startGaps.forget(category, symbol)
          },
          onUnreadable: (category, rows) => log.listUnreadable(category, rows),
          onListRetry: (category, error, failures) => log.listRetry(category, error, failures),
          onFailure: (error) => this.#fail(error),
        }),
    )
  }

  #onStatus(status: StreamStatus, category: Category): void {
    if (status.type === 'open') this.#connections += 1
    if (status.type === 'gap') this.pipeline.acceptGap(status.gap)
    if (status.type === 'live') this.#onLive(status.topic, category)
    this.#streamLog.tell(status, { category })
  }

  #onLive(topic: string, category: Category): void {
    const market = this.#markets.find((candidate) => candidate.category === category)
    const stream = market?.streamOf(topic)
    if (stream === undefined) return
    const { channel, symbol } = stream
    this.#startGaps.onLive({ category, channel, symbol }, nowMs(this.#clock))
  }

  /** What earlier processes left open, and last stored of what is captured. */
  async #readPast(): Promise<void> {
    for (const market of this.#markets) {
      const symbols = [...new Set(market.topics().map(({ symbol }) => symbol))]
      await this.#readLastStored(market.category, symbols)
    }
    await this.#orWarn(async () => {
      const { open } = await new CaptureGapRepository(this.#db).countByState()
      this.pipeline.gaps.addStored(open)
    })
  }

  #readLastStored(category: Category, symbols: readonly string[]): Promise<void> {
    const { channels } = this.#config
    return this.#orWarn(() =>
      readLastStored(this.#db, category, symbols, channels, this.#startGaps),
    )
  }

  /** Not knowing the past must not keep anything from being captured. */
  async #orWarn(read: () => Promise<void>): Promise<void> {
    try {
      await read()
    } catch (error) {
      const reason = reasonOf(error)
      this.#log.warn({ code: 'PAST_UNKNOWN', reason }, 'cannot tell what was missed before')
    }
  }

  async #prepare(): Promise<void> {
    try {
      this.#databaseReady = await prepareDatabase({
        db: this.#db,
        config: this.#config,
        clock: this.#clock,
        log: this.#log,
        signal: this.#stopping.signal,
        exitOnDbError: this.#exitOnDbError,
      })
      if (!this.#databaseReady) return
      await this.#readPast()
      this.pipeline.open()
      this.#accounts.start()
      this.#partitions.start()
    } catch (error) {
      this.#fail(error)
    }
  }
}

async function settledOrAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  await untilAborted(work, signal).catch(() => {})
}
