import {
  type Channel,
  type Clock,
  PRIVATE_CHANNELS,
  PUBLIC_CHANNELS,
  retry,
  type Stream,
  streamKey,
  streamOf,
  systemClock,
  untilAborted,
} from '@grid/core-events'
import { CaptureGapRepository, classifyDatabaseError } from '@grid/db'
import { AccountService } from './accounts/account-service.ts'
import { accountFilterOf } from './accounts/kept-rows.ts'
import type { Config } from './config/config.ts'
import { retentionOf } from './config/retention.ts'
import { Health } from './health/health.ts'
import type { SaverStatus } from './health/status.ts'
import { GapLog } from './log/gap-log.ts'
import type { Logger } from './log/log.ts'
import { queryAtStart } from './log/query-or-warn.ts'
import { StreamLog } from './log/stream-log.ts'
import { MarketService } from './market/market-service.ts'
import type { Moment } from './pipeline/dropped-intervals.ts'
import { type DrainReport, Pipeline } from './pipeline/pipeline.ts'
import { PipelineLog } from './pipeline/pipeline-log.ts'
import { Recorders } from './pipeline/recovery/stream-recorder.ts'
import { MarketRepair } from './repair/market-repair.ts'
import { CollectorClaim, isTaken } from './storage/collector-claim.ts'
import { embeddedFolder } from './storage/data-folder.ts'
import { journalFolder, openDataJournal, type SaverJournal } from './storage/data-journal.ts'
import { databaseFault } from './storage/database-fault.ts'
import { Databases } from './storage/databases.ts'
import { openFolder } from './storage/folder-modes.ts'
import { OpenGapCount } from './storage/open-gap-count.ts'
import { PartitionKeeper } from './storage/partition-keeper.ts'
import { prepareDatabase } from './storage/prepare-database.ts'
import { writeRefused } from './storage/write-refused.ts'

/** What a saver is made of. */
export interface SaverOptions {
  readonly config: Config
  readonly log: Logger
  readonly clock?: Clock
  /** End with exit code 75 instead of trying again while the database is away at the start. */
  readonly exitOnDbError?: boolean
  /**
   * How long after a gap's end the exchange's history of an account counts as complete. Default
   * 30,000 ms.
   */
  readonly historySettleMs?: number
  /** How often the list of a category's instruments is read. Default 20,000 ms. */
  readonly listPollMs?: number
  /** How many lines of the log could not be written. Default: none are known. */
  readonly logLinesLost?: () => number
  /** Told once, when data of a stream begin to arrive for the first time. */
  readonly onFirstLive?: () => void
}

const HISTORY_SETTLE_MS = 30_000
const LIST_POLL_MS = 20_000
const POSITIONS_BACKOFF = { baseMs: 250, capMs: 5000 }
/** How long a database may take at the start before the accounts are captured without it. */
const EARLY_MS = 2000

/** How long a part of a stop goes on after the signal: what waits for no answer ends meanwhile. */
const MOMENT_MS = 500

/** How a saver ended. */
export interface StopReport {
  /** Items that the stop could not store, and that nothing holds. */
  readonly lost: number
  /** Items that are in the journal: the next start stores them. */
  readonly left: number
  /** Items for which there was no room while it ran; gaps cover them. */
  readonly dropped: number
}

/**
 * One collector: captures the configured streams into the database until it is stopped.
 *
 * Capture begins at once; while the database is away, events wait in the journal.
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
  readonly #options: Required<SaverOptions>
  readonly #recorders = new Recorders()
  readonly #journal: SaverJournal
  readonly #databases: Databases
  readonly #claim: CollectorClaim | null
  readonly #markets: MarketService
  readonly #repair: MarketRepair
  readonly #accounts: AccountService
  readonly #partitions: PartitionKeeper
  readonly #openGaps: OpenGapCount
  readonly #gapLog: GapLog
  readonly #health: Health
  readonly #stopping = new AbortController()
  readonly #fail: (error: unknown) => void
  #preparing: Promise<void> = Promise.resolve()
  #isDatabaseReady = false
  /** Whether the database was waited for, so that this is a capture and no start that was refused. */
  #hasWaited = false
  #isRefused = false
  #connections = 0
  #hasBeenLive = false
  #leavesUnread = false

  /** Opens the journal: throws a `CommandError` with exit code 75 or 78 where it cannot. */
  constructor(options: SaverOptions) {
    this.#options = {
      clock: systemClock,
      exitOnDbError: false,
      historySettleMs: HISTORY_SETTLE_MS,
      listPollMs: LIST_POLL_MS,
      logLinesLost: () => 0,
      onFirstLive: () => {},
      ...options,
    }
    const { config, log, clock, historySettleMs, listPollMs } = this.#options
    const { promise, reject } = Promise.withResolvers<never>()
    promise.catch(() => {})
    this.failure = promise
    this.#fail = (error) => {
      this.#health.fail()
      reject(error)
    }
    this.#gapLog = new GapLog(log, clock)
    const journal = openDataJournal({
      config,
      clock,
      log,
      checkpoint: () => this.#recorders.states(),
    })
    this.#journal = journal
    this.#databases = new Databases(config)
    // The embedded database has a lock of its own.
    this.#claim = this.#databases.areSeparate
      ? new CollectorClaim({
          databaseUrl: config.databaseUrl,
          collector: config.collector,
          log,
          onTaken: (error) => {
            this.pipeline.leavePositions()
            this.#fail(error)
          },
        })
      : null
    this.pipeline = new Pipeline({
      db: this.#databases.capture,
      journal,
      clock,
      collector: config.collector,
      environment: config.environmentStamp,
      batchSize: config.batchSize,
      flushIntervalMs: config.flushInterval,
      maxWaiting: config.maxWaiting,
      gapThresholdMs: config.gapThreshold,
      intervals: { ticker: config.tickerInterval },
      filter: accountFilterOf(config),
      handlers: new PipelineLog(log),
      streamsOf: (channel) => this.#streamsOf(channel),
      lastStored: (channel) => this.#lastStored(channel),
      onJournalItem: (item, frame) => {
        const markets = this.#markets.onJournalItem(item, frame)
        const accounts = this.#accounts.onJournalItem(item, frame)
        return markets === null ? accounts : Promise.all([markets, accounts])
      },
      onRecorded: (recorded) => {
        this.#gapLog.take(recorded.gap)
        this.#repair.onGap(recorded)
        this.#accounts.onGap(recorded)
      },
      onRefused: (writer, error) => this.#fail(writeRefused(writer, error, config)),
      onDefect: this.#fail,
    })
    const capture = {
      config,
      clock,
      db: this.#databases.capture,
      journal,
      recorders: this.#recorders,
      pipeline: this.pipeline,
      log,
      streamLog: new StreamLog(log, clock),
      onConnection: () => {
        this.#connections += 1
      },
    }
    this.#markets = new MarketService({
      ...capture,
      listPollMs,
      onEvents: (events, localTsUs) => this.#health.noteEvents(events, localTsUs),
      onLive: (stream) => {
        this.#repair.onLive(stream)
        if (this.#hasBeenLive) return
        this.#hasBeenLive = true
        this.#options.onFirstLive()
      },
      onFailure: this.#fail,
    })
    this.#repair = new MarketRepair({
      ...capture,
      isLive: (stream) =>
        this.#markets
          .topics()
          .some(
            (topic) => topic.state === 'live' && streamKey(streamOf(topic)) === streamKey(stream),
          ),
    })
    this.#accounts = new AccountService({ ...capture, historySettleMs })
    this.#openGaps = new OpenGapCount({
      db: this.#databases.capture,
      clock,
      pipeline: this.pipeline,
    })
    this.#partitions = new PartitionKeeper({
      db: this.#databases.maintenance,
      clock,
      log,
      retention: retentionOf(config),
      collector: config.collector,
      freezes: this.#databases.areSeparate,
    })
    this.#health = new Health({
      ...capture,
      markets: this.#markets,
      repair: this.#repair,
      accounts: this.#accounts,
      partitions: this.#partitions,
      isDatabaseReady: () => this.#isDatabaseReady,
      connections: () => this.#connections,
      logLinesLost: this.#options.logLinesLost,
    })
  }

  /**
   * Begins to capture, serves health, and begins to prepare the database; gives the HTTP address, or null while this
   * machine does not have it. What takes round trips goes first: the market is missed until its sockets are open.
   */
  async start(): Promise<string | null> {
    const { config } = this.#options
    this.#markets.start()
    const address = await this.#health.listen()
    this.#preparing = this.#prepare()
    this.#warnOfOpen(config.journal === 'disk' ? journalFolder(config) : null)
    return address
  }

  /** Everything that is known of this saver, read in one synchronous step. */
  status(): SaverStatus {
    return this.#health.status()
  }

  /** After a stop, whether earlier processes may have left something in the journal that was not read to its end. */
  get leavesUnread(): boolean {
    return this.#leavesUnread
  }

  /**
   * Stops capturing, stores the waiting items and closes everything. The signal ends every wait: a
   * database or an exchange that answers nothing does not delay the end.
   */
  async stop(signal: AbortSignal): Promise<StopReport> {
    this.#health.stopping()
    // First, so that the gaps that the stop itself leaves are not asked for.
    const captures = [this.#repair.stop(), this.#markets.close(), this.#accounts.close()]
    await within(Promise.all(captures), signal)
    if (this.pipeline.waitingInAll > 0) {
      await untilAborted(this.#preparing, signal).catch(() => {})
    }
    this.#stopping.abort()
    this.#openGaps.stop()
    await this.#partitions.stop(signal)
    const dropped = this.pipeline.sample().reduce((sum, entry) => sum + entry.dropped, 0)
    const { left, lost } = this.#isRefused
      ? await this.#abandon()
      : await this.pipeline.drain(signal)
    this.#gapLog.flush()
    const { firstOfProcess = 0, oldest = firstOfProcess } = this.#journal
    this.#leavesUnread = this.pipeline.behind.length > 0 && oldest < firstOfProcess
    this.#journal.note({ type: 'stop' })
    await this.#journal.close()
    await within(this.#claim?.release(signal), signal)
    await untilAborted(this.#markets.settled(), signal).catch(() => {})
    await this.#databases.close(signal)
    await within(this.#health.close(), signal)
    return { lost, left, dropped }
  }

  #warnOfOpen(folder: string | null): void {
    const openness = folder === null ? null : openFolder(folder)
    if (openness !== null) this.#options.log.warn({ code: 'FOLDER_OPEN' }, openness)
  }

  /** Once the database is ready, reads what was stored before this process and begins to store. */
  async #prepare(): Promise<void> {
    const { config, log, clock, exitOnDbError } = this.#options
    const db = this.#databases.capture
    const { signal } = this.#stopping
    let isEarly = false
    const captureEarly = (): void => {
      if (!isEarly) this.#accounts.startEarly()
      isEarly = true
    }
    const patience = clock.setTimer(captureEarly, EARLY_MS)
    try {
      const claim = async (): Promise<void> => this.#claim?.take()
      this.#isDatabaseReady = await prepareDatabase({
        db,
        config,
        clock,
        log,
        signal,
        exitOnDbError,
        claim,
        onAway: () => {
          this.#hasWaited = true
          captureEarly()
        },
      })
      patience.cancel()
      if (!this.#isDatabaseReady) return
      this.#warnOfOpen(embeddedFolder(config))
      await this.#markets.readPast(signal)
      await this.#accounts.readPast(signal)
      // Not a question that may stay open: what lies between would never be read.
      await retry(() => this.pipeline.readPositions(), {
        clock,
        signal,
        backoff: POSITIONS_BACKOFF,
        isRetryable: (error) => classifyDatabaseError(error) === 'transient',
      })
      await queryAtStart({ log, clock, signal }, async () => {
        this.pipeline.gaps.addStored(await new CaptureGapRepository(db).countByState('everyone'))
      })
      // Stopped while the database was away again: the next start must find what is stored now.
      if (signal.aborted) return
      this.pipeline.open()
      this.#accounts.start()
      this.#partitions.start()
      this.#openGaps.start()
      await this.#repair.takeUp()
    } catch (error) {
      if (signal.aborted) return
      if (isTaken(error)) this.pipeline.handOver()
      else this.#isRefused = !this.#isDatabaseReady && !this.#hasWaited
      this.#fail(databaseFault(error, config) ?? error)
    } finally {
      patience.cancel()
    }
  }

  /** The streams of a channel that are captured now, or were when the records came that are being read. */
  #streamsOf(channel: Channel): Stream[] {
    const markets = this.#markets.topics().filter((topic) => topic.channel === channel)
    const accounts = this.#accounts
      .statuses()
      .flatMap(({ accountId, topics }) =>
        topics
          .filter((topic) => topic.channel === channel)
          .map((topic): Stream => ({ accountId, channel: topic.channel })),
      )
    const former = [...this.#markets.formerStreams(), ...this.#accounts.formerStreams()]
    const theirs = former.filter((stream) => stream.channel === channel)
    const all: readonly Stream[] = [...markets.map(streamOf), ...accounts, ...theirs]
    return [...new Map(all.map((stream) => [streamKey(stream), stream])).values()]
  }

  /** When events of each stream of a channel were last stored. */
  async #lastStored(channel: Channel): Promise<readonly Moment[]> {
    const ofMarkets = PUBLIC_CHANNELS.find((name) => name === channel)
    if (ofMarkets !== undefined) return this.#markets.lastStored(ofMarkets)
    const ofAccounts = PRIVATE_CHANNELS.find((name) => name === channel)
    return ofAccounts === undefined ? [] : this.#accounts.lastStored(ofAccounts)
  }

  /** Nothing was stored by this process: the next start finds it in the journal, or the gap since what is stored. */
  async #abandon(): Promise<DrainReport> {
    const report = await this.pipeline.abandon()
    const items = report.lost + report.left
    if (items > 0) {
      const where = report.left > 0 ? 'waits in the journal' : 'is not stored'
      const text = `the start was refused: what arrived meanwhile ${where}`
      this.#options.log.warn({ code: 'START_REFUSED', items }, text)
    }
    return report
  }
}

/** Waits for a part of a stop until the signal aborts, and then for a moment. */
async function within(work: Promise<unknown> | undefined, signal: AbortSignal): Promise<void> {
  if (work === undefined) return
  try {
    await untilAborted(work, signal)
  } catch (error) {
    if (!signal.aborted) throw error
    await untilAborted(work, AbortSignal.timeout(MOMENT_MS)).catch(() => {})
  }
}
