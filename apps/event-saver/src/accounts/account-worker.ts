import {
  BybitPrivateStream,
  type PrivateStreamStatus,
  type UnansweredConnection,
} from '@grid/bybit-adapter'
import {
  type Clock,
  nowMs,
  PRIVATE_CHANNELS,
  type PrivateChannel,
  type PrivateEvent,
  type PrivateGap,
  retry,
  untilAborted,
} from '@grid/core-events'
import {
  CaptureGapRepository,
  type Credential,
  type EnabledAccount,
  ExecutionRepository,
  type GridDatabase,
} from '@grid/db'
import type { Kysely } from 'kysely'
import type { Config } from '../config/config.ts'
import type { Journal } from '../journal/journal.ts'
import type { ArrivedRows } from '../pipeline/arrived.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import { StreamRecorder } from '../pipeline/recovery/stream-recorder.ts'
import { AccountJobs } from './account-jobs.ts'
import { accountLiveNote } from './account-journal-past.ts'
import type { AccountLog } from './account-log.ts'
import { type MissedSince, readAccountPast } from './account-past.ts'
import { type AccountStatus, type AccountVerdict, verdictOf } from './account-status.ts'
import { accountFilterOf, keptRows } from './kept-rows.ts'
import { AccountReader } from './rest/account-reader.ts'
import { takeSnapshot } from './rest/account-snapshot.ts'
import { credentialsOf } from './rest/credentials-of.ts'
import { GapRepair } from './rest/gap-repair.ts'
import { HeldCoins } from './rest/held-coins.ts'
import { LegBook } from './rest/leg-book.ts'
import type { CoinSource } from './rest/listed-coins.ts'
import { OpenOrders } from './rest/open-orders.ts'
import { SeenInstruments } from './rest/seen-instruments.ts'
import { storedExecutions } from './rest/stored-executions.ts'

/** What all workers share. */
export interface WorkerContext {
  readonly config: Pick<
    Config,
    | 'environment'
    | 'wsUrl'
    | 'restUrl'
    | 'plainAccounts'
    | 'accountCategories'
    | 'accountFilter'
    | 'snapshotInterval'
  >
  readonly clock: Clock
  readonly db: Kysely<GridDatabase>
  readonly journal: Journal
  readonly pipeline: Pipeline
  readonly log: AccountLog
  /** Which coins there are to be asked for. */
  readonly coins: CoinSource
  readonly historySettleMs: number
  readonly onConnection: () => void
}

/** An account with a key that can be used. */
export type UsableAccount = EnabledAccount & { readonly credential: Credential }

const BACKOFF = { baseMs: 1000, capMs: 30_000 }

/**
 * Captures one account: its socket, its snapshots, and the repair of its gaps. A failure here
 * concerns this account alone.
 */
export class AccountWorker {
  readonly account: UsableAccount
  readonly #context: WorkerContext
  /** The worker of the same account that this one replaces. */
  #previous: AccountWorker | null
  readonly #stream: BybitPrivateStream
  readonly #jobs: AccountJobs
  readonly #coins = new HeldCoins()
  readonly #legs = new LegBook()
  readonly #orders = new OpenOrders()
  readonly #seen = new SeenInstruments()
  /** Lists that the exchange refuses. */
  readonly #unread = new Set<string>()
  readonly #stop = new AbortController()
  /** Channels that have been live, and since when, as the end of a gap. */
  readonly #begun = new Map<PrivateChannel, number>()
  /** Null until the past is read. */
  #missedSince: MissedSince | null = null
  readonly #past = Promise.withResolvers<void>()
  /** How far the exchange's clock is ahead of ours, in milliseconds; 0 before that is known. */
  #clockOffsetMs = 0
  /** Whether what earlier processes left is being read. */
  #readsLeft = false
  #verdict: AccountVerdict = { state: 'connecting', code: null, reason: null }
  #since: number
  /** When it was made, in epoch microseconds: nothing was received before. */
  readonly #madeUs: number
  #running: Promise<void> = Promise.resolve()

  /** Throws `INVALID_OPTION` for text that cannot be a key. */
  constructor(account: UsableAccount, context: WorkerContext, previous: AccountWorker | null) {
    const { accountId, userId } = account
    const { config, clock, db, pipeline } = context
    this.account = account
    this.#context = context
    this.#previous = previous
    this.#since = nowMs(clock)
    this.#madeUs = clock.nowUs()
    const { environment, wsUrl, restUrl, accountCategories: categories } = config
    const credentials = credentialsOf(account.credential)
    const place = { environment, wsUrl, restUrl, clock, accountId, credentials }
    const filter = accountFilterOf(config)
    this.#stream = new BybitPrivateStream({ ...place, filter })
    const reader = new AccountReader({
      ...place,
      coins: context.coins,
      seen: this.#seen,
      onDenied: (category, reason) => context.log.denied(account, category, reason),
      onListed: (list, isRead) => {
        if (isRead) this.#unread.delete(list)
        else this.#unread.add(list)
      },
    })
    const store = (rows: ArrivedRows): Promise<boolean> => {
      // After the end, the writers take no more rows.
      this.#stop.signal.throwIfAborted()
      return pipeline.acceptRows(keptRows(rows, filter))
    }
    const known = { coins: this.#coins, legs: this.#legs, orders: this.#orders }
    const parts = { reader, categories, store, ...known }
    const [executions, seen] = [new ExecutionRepository(db), this.#seen]
    const repair = new GapRepair({
      accountId,
      scope: { userId },
      reader,
      categories,
      settleMs: context.historySettleMs,
      clockOffsetMs: () => this.#clockOffsetMs,
      gaps: new CaptureGapRepository(db),
      clock,
      store,
      recorded: () => pipeline.gapsRecorded(),
      isRefused: (event) => pipeline.hasRefused(event),
      storedExecutions: async (...of) => {
        await pipeline.eventsStored('execution')
        return storedExecutions({ accountId, scope: { userId }, executions, seen }, ...of)
      },
      onOrders: (orders) => {
        for (const order of orders) this.#orders.note(order)
      },
      onClosed: (gap, state, faults) => {
        const { startTs, endTs, reason } = gap
        // Sound: only gaps of accounts are repaired here.
        const channel = gap.channel as PrivateChannel
        pipeline.gaps.change({ accountId, channel, startTs, endTs, reason }, gap.state, state)
        context.log.gapClosed(account, gap, state, faults)
      },
    })
    this.#jobs = new AccountJobs({
      clock,
      repair: (signal) => repair.run(signal),
      snapshot: (signal) => takeSnapshot(parts, signal),
      snapshotIntervalMs: config.snapshotInterval,
      isLive: () => this.#verdict.state === 'live',
      onRetry: (error, failures) => context.log.failed(account, 'rest', error, failures),
    })
    this.#listen()
  }

  /** Begins to capture, once the past is read. */
  start(): void {
    this.#running = this.#run(this.#stop.signal)
  }

  /**
   * Begins to capture while the database is away. Once it is there and before anything is stored,
   * `readPast` and then `goOn` are due.
   */
  startEarly(): void {
    this.#running = this.#runEarly(this.#stop.signal)
  }

  /** Goes on with what needs the database. A past that could not be read in time is asked for again until it is. */
  goOn(): void {
    const isRead = this.#missedSince !== null
    this.#missedSince ??= {}
    this.#past.resolve()
    if (!isRead) void this.#readPastLate(this.#stop.signal)
  }

  /** The worker that this one replaces has ended. */
  forgetPrevious(): void {
    this.#previous = null
  }

  /** Whether a channel is captured now, by this worker or by one that it replaces. */
  isLive(channel: PrivateChannel): boolean {
    const own = this.#stream.topics().find((topic) => topic.channel === channel)
    return own?.state === 'live' || this.#previous?.isLive(channel) === true
  }

  /** Whether every channel is live or refused. */
  get isWhole(): boolean {
    const topics = this.#stream.topics()
    return (
      topics.some(({ state }) => state === 'live') &&
      topics.every(({ state }) => state !== 'pending')
    )
  }

  status(): AccountStatus {
    const { accountId, accountName, userId } = this.account
    return {
      accountId,
      accountName,
      userId,
      ...this.#verdict,
      since: this.#since,
      topics: this.#stream.topics(),
      snapshotAt: this.#jobs.snapshotAt,
      unread: [...this.#unread].sort(),
    }
  }

  /** Asks the connection, when it was silent for so long, for a sign of life; gives it while it owes one. */
  askSilent(afterMs: number): readonly UnansweredConnection[] {
    return this.#stream.askSilent(afterMs)
  }

  /** A gap of the account was recorded, which its socket need not know of. */
  onRecorded(): void {
    this.#jobs.requestRepair()
  }

  /** Stops capturing; resolves when the socket is closed and no job runs. */
  async close(): Promise<void> {
    this.#stop.abort()
    await this.#stream.close()
    await this.#running
  }

  /**
   * Takes an event that an earlier process left in the journal: what was open then may have been closed while none ran,
   * which a snapshot tells once it is known.
   */
  noteLeft(event: PrivateEvent): void {
    this.#note(event)
    if (this.#readsLeft) return
    this.#readsLeft = true
    void this.#context.pipeline.eventsStored(event.channel).then(() => {
      this.#readsLeft = false
      this.#jobs.requestSnapshot()
    })
  }

  async #readPastLate(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#context
    const onRetry = (error: unknown, failures: number): void =>
      log.failed(this.account, 'past', error, failures)
    try {
      // What was received since then hides what was missed before.
      await retry(() => untilAborted(this.readPast(this.#madeUs), signal), {
        ...{ clock, backoff: BACKOFF, signal, onRetry },
      })
      this.#jobs.requestSnapshot()
    } catch {
      // Only the abort ends it.
    }
  }

  #listen(): void {
    const { journal, pipeline, onConnection } = this.#context
    const { accountId } = this.account
    const recorder = new StreamRecorder({
      journal,
      category: null,
      accountId,
      priorityOf: () => 'private',
      checkpoint: () => [],
    })
    this.#stream.on('control', (control) => recorder.onControl(control))
    this.#stream.on('frame', (frame) => recorder.onFrame(frame))
    this.#stream.on('normalized', (normalized) => {
      for (const event of normalized.events) this.#note(event)
      pipeline.accept(normalized, recorder.place)
    })
    this.#stream.on('status', (status) => {
      if (status.type === 'open') onConnection()
      const channel = status.type === 'live' ? channelOf(status.topic) : undefined
      if (channel !== undefined) {
        const untilTs = this.#untilTs(nowMs(this.#context.clock))
        recorder.note(accountLiveNote(this.account, channel), untilTs * 1000)
      }
      this.#onStatus(status)
      this.#context.log.status(this.account, status)
    })
  }

  #note(event: PrivateEvent): void {
    if (event.channel === 'position') this.#legs.note(event)
    if (event.channel === 'order') this.#orders.note(event)
    if (event.channel === 'wallet') this.#coins.note(event)
    else this.#seen.note(event)
  }

  #onStatus(status: PrivateStreamStatus): void {
    const isKeyRefused = this.#stream.keyRefusal !== null
    const verdict = verdictOf(status, { isWhole: this.isWhole, isKeyRefused })
    if (verdict !== null) this.#judge(verdict)
    if (status.type === 'authenticated') this.#clockOffsetMs = status.clockOffsetMs ?? 0
    if (status.type === 'live') this.#onLive(status.topic)
    if (status.type === 'gap') this.#onGap(status.gap)
    if ((status.type === 'live' || status.type === 'refused') && this.isWhole) {
      // The snapshot shows the present state, whatever the socket missed.
      this.#jobs.requestSnapshot()
    }
  }

  #judge(verdict: AccountVerdict): void {
    const { state, code } = this.#verdict
    if (state !== verdict.state || code !== verdict.code) this.#since = nowMs(this.#context.clock)
    this.#verdict = verdict
  }

  /** Records what was missed while no process captured the channel. */
  #onLive(topic: string): void {
    const channel = channelOf(topic)
    if (channel === undefined || this.#begun.has(channel)) return
    this.#begun.set(channel, this.#untilTs(nowMs(this.#context.clock)))
    if (this.#missedSince !== null) this.#judgeStart(channel, this.#missedSince)
  }

  #judgeStart(channel: PrivateChannel, missedSince: MissedSince): void {
    const liveTs = this.#begun.get(channel)
    if (liveTs === undefined) return
    const startTs = missedSince[channel]
    // Even if nothing was missed now: earlier processes may have left open gaps.
    this.#jobs.requestRepair()
    if (startTs === undefined || this.#previous?.isLive(channel)) return
    const { accountId } = this.account
    const endTs = Math.max(startTs, liveTs)
    this.#context.pipeline.acceptGap({ accountId, channel, startTs, endTs, reason: 'start' })
  }

  /** Records what the socket may have missed. The gap's bounds are by our clock, its events by the exchange's. */
  #onGap({ startTs, endTs, ...gap }: PrivateGap): void {
    const from = startTs + Math.floor(Math.min(0, this.#clockOffsetMs))
    this.#context.pipeline.acceptGap({ ...gap, startTs: from, endTs: this.#untilTs(endTs) })
    this.#jobs.requestRepair()
  }

  /** A time of our clock as the end of a gap: later where the exchange's clock is ahead. */
  #untilTs(ms: number): number {
    return ms + Math.ceil(Math.max(0, this.#clockOffsetMs))
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#context
    try {
      await retry(() => untilAborted(this.readPast(), signal), {
        clock,
        backoff: BACKOFF,
        signal,
        onRetry: (error, failures) => log.failed(this.account, 'past', error, failures),
      })
    } catch {
      // Only the abort ends it.
      return
    }
    this.#startStream(signal)
    await this.#jobs.run(signal)
  }

  async #runEarly(signal: AbortSignal): Promise<void> {
    this.#startStream(signal)
    try {
      await untilAborted(this.#past.promise, signal)
    } catch {
      return
    }
    await this.#jobs.run(signal)
  }

  #startStream(signal: AbortSignal): void {
    this.#stream.start({ signal }).catch(() => {
      // The stream was closed before it was ready.
    })
  }

  /** Reads how the capture of the account ended before this worker, or before a time in epoch microseconds. */
  async readPast(beforeUs?: number): Promise<void> {
    const past = await readAccountPast(this.#context.db, this.account, beforeUs)
    if (this.#stop.signal.aborted) return
    const { coins, legs, orders, missedSince } = past
    for (const coin of coins) this.#coins.note(coin)
    for (const leg of legs) this.#legs.note(leg)
    for (const order of orders) this.#orders.note(order)
    this.#seen.notePast(legs, orders)
    this.#missedSince = missedSince
    for (const channel of this.#begun.keys()) this.#judgeStart(channel, missedSince)
  }
}

function channelOf(topic: string): PrivateChannel | undefined {
  return PRIVATE_CHANNELS.find((name) => name === topic)
}
