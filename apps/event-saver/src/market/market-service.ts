import {
  BybitRestClient,
  type StreamStatus,
  streamSymbol,
  type UnansweredConnection,
} from '@grid/bybit-adapter'
import {
  type Category,
  type Clock,
  type MarketStream,
  nowMs,
  type PublicChannel,
  type PublicEvent,
  repeat,
  streamKey,
  streamOf,
  WakeUp,
} from '@grid/core-events'
import { type GridDatabase, marketRepository } from '@grid/db'
import type { Kysely } from 'kysely'
import type { Config } from '../config/config.ts'
import type { WantedSymbols } from '../config/wanted-symbols.ts'
import type { JournalItem } from '../journal/format/items.ts'
import type { Journal } from '../journal/journal.ts'
import type { Logger } from '../log/log.ts'
import { type AtStart, queryAtStart, queryOrWarn } from '../log/query-or-warn.ts'
import type { StreamLog } from '../log/stream-log.ts'
import type { Moment } from '../pipeline/dropped-intervals.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import type { ReadFrame } from '../pipeline/recovery/catch-up.ts'
import type { Recorders } from '../pipeline/recovery/stream-recorder.ts'
import { InstrumentRecorder, type InstrumentStatus } from './instrument-recorder.ts'
import { JournalPast } from './journal-past.ts'
import { keptSymbols } from './kept-symbols.ts'
import { MarketCapture, type MarketTopic } from './market-capture.ts'
import { MarketLog } from './market-log.ts'
import { SilentTopics } from './silent-topics.ts'
import { StartGaps } from './start-gaps.ts'

/** What the capture of market data is made of. */
export interface MarketServiceOptions {
  readonly config: Pick<
    Config,
    | 'channels'
    | 'collector'
    | 'dataDir'
    | 'environment'
    | 'environmentStamp'
    | 'journalDropOrder'
    | 'restUrl'
    | 'symbols'
    | 'wsUrl'
  >
  readonly clock: Clock
  readonly db: Kysely<GridDatabase>
  /** With `firstOfProcess` where it can be read, as earlier processes may have left something in it. */
  readonly journal: Journal & { readonly firstOfProcess?: number }
  readonly recorders: Recorders
  readonly pipeline: Pipeline
  readonly log: Logger
  readonly streamLog: StreamLog
  /** How often the list of a category's instruments is read. */
  readonly listPollMs: number
  /** Told of each stream whose data begins to arrive, for the first time or again. */
  readonly onLive: (stream: MarketStream) => void
  /** Told of the events of each frame, received at a time in epoch microseconds. */
  readonly onEvents?: (events: readonly PublicEvent[], localTsUs: number) => void
  /** Told of each connection that opens. */
  readonly onConnection: () => void
  /** Told when a capture cannot go on. */
  readonly onFailure: (error: unknown) => void
}

/** Instruments of which it could not be read when they were last stored, and since when they are captured. */
interface UnreadPast {
  readonly category: Category
  readonly symbols: readonly string[]
  /** In epoch microseconds. */
  readonly sinceUs: number
}

/** When the database is asked again for a past that could not be read in time. */
const UNREAD_BACKOFF = { baseMs: 1000, capMs: 30_000 }
/** Until something is asked for again. */
const IDLE_MS = 3_600_000

/**
 * The capture of market data: one capture for each category, and the gaps of the time before this
 * process.
 */
export class MarketService {
  readonly #options: MarketServiceOptions
  readonly #log: MarketLog
  /** Null where REST would ask another exchange than the streams. */
  readonly #client: BybitRestClient | null
  readonly #instruments: InstrumentRecorder
  readonly #captures: readonly MarketCapture[]
  readonly #startGaps: StartGaps
  readonly #silent = new SilentTopics()
  /** Null where the journal cannot be read. */
  readonly #past: JournalPast | null
  /** By stream, when it was last stored before this process. */
  readonly #lastStored = new Map<string, number>()
  /** Streams whose start is to be judged once everything that earlier processes left was read. */
  #unjudged: MarketStream[] = []
  #isDatabaseReady = false
  #atStart: AtStart | null = null
  /** Since when instruments are captured that are known from the start, in epoch microseconds. */
  #startedUs = 0
  #unread: UnreadPast[] = []
  readonly #unreadWakeUp = new WakeUp()
  readonly #stop = new AbortController()

  /** Throws `INVALID_OPTION` for named instruments that a stream refuses. */
  constructor(options: MarketServiceOptions) {
    const { clock, config, db, listPollMs, log, pipeline } = options
    const { collector, environment, restUrl, symbols, wsUrl } = config
    this.#options = options
    this.#log = new MarketLog(log)
    const isSameExchange = wsUrl === undefined || restUrl !== undefined
    this.#client = isSameExchange ? new BybitRestClient({ environment, restUrl, clock }) : null
    this.#instruments = new InstrumentRecorder({ db, clock, collector, log, pollMs: listPollMs })
    if (isSameExchange) for (const { category } of symbols) this.#instruments.expect(category)
    this.#startGaps = new StartGaps((gap) => pipeline.acceptGap(gap))
    const { firstOfProcess } = options.journal
    this.#past =
      firstOfProcess === undefined
        ? null
        : new JournalPast({
            firstOfProcess,
            lastStored: (stream) => this.#lastStoredOf(stream),
            onGap: (gap) => pipeline.acceptGap(gap),
            onRead: () => this.#judgeStarts(),
          })
    this.#captures = symbols.map((wanted) => this.#captureOf(wanted))
  }

  /** Begins to capture. The database need not be ready. */
  start(): void {
    this.#startedUs = this.#options.clock.nowUs()
    for (const capture of this.#captures) capture.start()
  }

  /**
   * Reads when each stream was last stored, once the database is ready and before anything is stored;
   * from then on also for symbols that are added. Tries again while the database is away; what it does not
   * answer in time is asked again later. Never rejects.
   */
  async readPast(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options
    this.#atStart = { clock, log, signal }
    this.#isDatabaseReady = true
    this.#instruments.open()
    for (const capture of this.#captures) {
      const { category, symbols } = capture
      const past = { category, symbols, sinceUs: this.#startedUs }
      await this.#readPastOf(past, (query) => queryAtStart({ clock, log, signal }, query))
    }
    const options = { clock, backoff: UNREAD_BACKOFF, signal: this.#stop.signal }
    const wakeUp = this.#unreadWakeUp
    void repeat(() => this.#readUnread(), { ...options, wakeUp }).catch(() => {})
  }

  /** Takes an item that is read from the journal; a promise must be awaited before the next. */
  onJournalItem(item: JournalItem, frame: ReadFrame | null): Promise<unknown> | null {
    return this.#past?.onItem(item, frame) ?? null
  }

  /** What an earlier process captured whose records are being read. */
  formerStreams(): readonly MarketStream[] {
    return this.#past?.streams ?? []
  }

  /** When events of each stream of a channel were last stored; streams of which nothing is are left out. */
  async lastStored(channel: PublicChannel): Promise<readonly Moment[]> {
    const moments: Moment[] = []
    for (const capture of this.#captures) {
      const { category, symbols } = capture
      const lastTs = await this.#lastTs(category, channel, symbols)
      for (const topic of capture.topics()) {
        const ts = topic.channel === channel ? lastTs.get(topic.symbol) : undefined
        if (ts !== undefined) moments.push({ ...streamOf(topic), ts })
      }
    }
    return moments
  }

  /** The state of every wanted topic. */
  topics(): MarketTopic[] {
    return this.#captures.flatMap((capture) => capture.topics())
  }

  /** Asks connections that were silent for so long for a sign of life; gives those that owe one. */
  askSilent(afterMs: number): (UnansweredConnection & { readonly category: Category })[] {
    return this.#captures.flatMap((capture) =>
      capture.askSilent(afterMs).map((asked) => ({ ...asked, category: capture.category })),
    )
  }

  /** Topics that are silent while others of their symbol speak, with their category. */
  silentTopics(): string[] {
    return this.#silent.among(this.topics(), this.#options.clock.nowUs())
  }

  /** What is known of the instruments of each category. */
  instruments(): InstrumentStatus[] {
    return this.#instruments.statuses()
  }

  /** Categories of which it is not known yet which instruments are wanted. */
  unlisted(): Category[] {
    return this.#captures.filter(({ isListed }) => !isListed).map(({ category }) => category)
  }

  /** Ends the capture; resolves when no socket is left. */
  async close(): Promise<void> {
    this.#stop.abort()
    this.#instruments.close()
    await Promise.all(this.#captures.map((capture) => capture.close()))
  }

  /** Resolves when no list of instruments is being stored; never rejects. */
  settled(): Promise<void> {
    return this.#instruments.settled()
  }

  #captureOf(wanted: WantedSymbols): MarketCapture {
    const { clock, config, journal, listPollMs, log, onFailure, pipeline, recorders } =
      this.#options
    const { channels, environment, wsUrl } = config
    const { category } = wanted
    return new MarketCapture({
      wanted,
      stream: { environment, channels, clock, wsUrl },
      kept: keptSymbols(category, config, { clock, log }),
      client: this.#client,
      clock,
      listPollMs,
      journal,
      dropFirst: config.journalDropOrder[0],
      recorders,
      pipeline,
      handlers: {
        onStatus: (status) => this.#onStatus(status, category),
        onLive: (stream, topic) => {
          this.#startGaps.onLive(stream, nowMs(clock), topic)
          this.#options.onLive(stream)
        },
        onEvents: (events, localTsUs) => {
          this.#options.onEvents?.(events, localTsUs)
          if (this.#startGaps.awaitsData) this.#onFirstData(events, localTsUs)
        },
        beforeAdded: async (symbols) => {
          // Until the database is ready, `readPast` will read this for all symbols together.
          if (!this.#isDatabaseReady) return
          const past = { category, symbols, sinceUs: clock.nowUs() }
          await this.#readPastOf(past, (query) => queryOrWarn(log, query))
        },
        onRemoved: (symbols) => {
          this.#log.delisted(category, symbols)
          for (const symbol of symbols) this.#startGaps.forget(category, symbol)
        },
        onList: (reading) => this.#instruments.take(category, reading),
        onUnreadable: (rows) => this.#log.listUnreadable(category, rows),
        onPartial: (coins) => this.#log.listPartial(category, coins),
        onKept: (symbols, keptAt) => this.#log.listKept(category, symbols, keptAt),
        onListRetry: (error, failures) => this.#log.listRetry(category, error, failures),
        onFailure,
      },
    })
  }

  #onStatus(status: StreamStatus, category: Category): void {
    const { clock, onConnection, pipeline, streamLog } = this.#options
    if (status.type === 'silent_topic') {
      this.#silent.onSilent(category, status.topic, status.step, clock.nowUs())
    }
    if (status.type === 'open') onConnection()
    if (status.type === 'gap') pipeline.acceptGap(status.gap)
    streamLog.tell(status, { category })
  }

  #onFirstData([event]: readonly PublicEvent[], localTsUs: number): void {
    if (event === undefined) return
    const { category, channel, exchangeTs } = event
    const stream = streamOf({ ...event, symbol: streamSymbol(category, channel, event.symbol) })
    this.#startGaps.onData(stream, Math.floor(localTsUs / 1000), exchangeTs)
  }

  /** Reads when instruments were last stored; remembers those of which it cannot be read now. */
  async #readPastOf(
    past: UnreadPast,
    run: (query: () => Promise<void>) => Promise<void>,
  ): Promise<void> {
    let isRead = false
    await run(async () => {
      await this.#readLastStored(past.category, past.symbols)
      isRead = true
    })
    if (isRead) return
    this.#unread.push(past)
    this.#unreadWakeUp.now()
  }

  /** Asks again for what could not be read: what was received since does not count. Rejects where it cannot. */
  async #readUnread(): Promise<number> {
    for (const past of [...this.#unread]) {
      const { category, symbols, sinceUs } = past
      await this.#readLastStored(category, symbols, sinceUs)
      this.#unread = this.#unread.filter((other) => other !== past)
      this.#log.pastKnown(category, symbols.length)
    }
    return IDLE_MS
  }

  async #readLastStored(
    category: Category,
    symbols: readonly string[],
    receivedBeforeUs?: number,
  ): Promise<void> {
    for (const channel of this.#options.config.channels) {
      const byStream = await this.#lastTs(category, channel, symbols, receivedBeforeUs)
      for (const symbol of new Set(symbols.map((name) => streamSymbol(category, channel, name)))) {
        const stream = { category, channel, symbol }
        const ts = byStream.get(symbol)
        if (ts !== undefined) this.#lastStored.set(streamKey(stream), ts)
        this.#unjudged.push(stream)
      }
    }
    if (this.#stop.signal.aborted) return
    // Else earlier processes may have left newer data in the journal.
    if (this.#past === null || this.#past.isRead) this.#judgeStarts()
  }

  /** When a stream was last stored before this process. One that is captured no longer is asked for. */
  #lastStoredOf(stream: MarketStream): number | undefined | Promise<number | undefined> {
    const { category, channel, symbol } = stream
    const known = this.#lastStored.get(streamKey({ category, channel, symbol }))
    if (known !== undefined) return known
    const key = streamKey(stream)
    const isCaptured = this.topics().some((topic) => streamKey(streamOf(topic)) === key)
    return isCaptured ? undefined : this.#askFor(stream)
  }

  async #askFor({ category, channel, symbol }: MarketStream): Promise<number | undefined> {
    let last: number | undefined
    if (this.#atStart === null) return last
    await queryAtStart(this.#atStart, async () => {
      last = (await this.#lastTs(category, channel, [symbol])).get(symbol)
    })
    return last
  }

  /** When events were last stored, by the symbol of their stream. */
  async #lastTs(
    category: Category,
    channel: PublicChannel,
    symbols: readonly string[],
    receivedBeforeUs?: number,
  ): Promise<ReadonlyMap<string, number>> {
    const { db } = this.#options
    const query = { category, symbols, receivedBeforeUs }
    const lastTs = await marketRepository(db, channel).lastTsBySymbol(query)
    // Option trades are streamed by base coin: its last event is that of any of its contracts.
    const byStream = new Map<string, number>()
    for (const [symbol, ts] of lastTs) {
      const name = streamSymbol(category, channel, symbol)
      byStream.set(name, Math.max(ts, byStream.get(name) ?? 0))
    }
    return byStream
  }

  /** Gives the start gaps what is known of the time before this process. */
  #judgeStarts(): void {
    for (const stream of this.#unjudged.splice(0)) {
      const { category, channel, symbol } = stream
      const times = [this.#lastStored.get(streamKey(stream)), this.#past?.lastTs(stream)]
      const known = times.filter((ts) => ts !== undefined)
      if (known.length === 0) continue
      this.#startGaps.onStored(category, channel, new Map([[symbol, Math.max(...known)]]))
    }
  }
}
