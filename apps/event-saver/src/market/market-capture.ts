import {
  BybitPublicStream,
  type BybitRestClient,
  type PublicStreamOptions,
  type StreamStatus,
  type TopicStatus,
  type UnansweredConnection,
} from '@grid/bybit-adapter'
import {
  type Category,
  type Clock,
  type DeadLetter,
  type MarketStream,
  type PublicChannel,
  type PublicEvent,
  streamOf,
  untilAborted,
} from '@grid/core-events'
import type { WantedSymbols } from '../config/wanted-symbols.ts'
import type { JournalPriority } from '../journal/durable-journal.ts'
import type { Journal } from '../journal/journal.ts'
import { reasonOf } from '../log/reason.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import { type Recorders, StreamRecorder } from '../pipeline/recovery/stream-recorder.ts'
import type { KeptFile } from '../storage/kept-file.ts'
import { liveNote } from './journal-past.ts'
import { SymbolFollower } from './symbol-follower.ts'
import type { ListReading } from './trading-instruments.ts'

/** A topic with the category of its socket: several categories have topics of one name. */
export interface MarketTopic extends TopicStatus {
  readonly category: Category
}

/** What a capture tells its owner about. */
export interface MarketCaptureHandlers {
  onStatus(status: StreamStatus): void
  /** Data of a topic of a stream have begun to arrive, for the first time or again. */
  onLive(stream: MarketStream, topic: string): void
  /** The events of one frame came, received at a time in epoch microseconds. */
  onEvents(events: readonly PublicEvent[], localTsUs: number): void
  /** Awaited before symbols are subscribed that were not captured until now. */
  beforeAdded(symbols: readonly string[]): Promise<void>
  onRemoved(symbols: readonly string[]): void
  /** The list of instruments was read. */
  onList(reading: ListReading): void
  /** Rows of the list of instruments cannot be read. */
  onUnreadable(rows: readonly DeadLetter[]): void
  /** The exchange may list more instruments than it told: those of other coins than these. */
  onPartial(coins: readonly string[]): void
  /** It begins with the list that an earlier process kept, of so many instruments. */
  onKept(symbols: number, keptAt: number): void
  /** The list could not be read, or was read after failures (`failures` is then 0). */
  onListRetry(error: unknown, failures: number): void
  /** The stream cannot go on. */
  onFailure(error: unknown): void
}

/** What capturing a category needs. */
export interface MarketCaptureOptions {
  readonly wanted: WantedSymbols
  readonly stream: Omit<PublicStreamOptions, 'category' | 'symbols'>
  /** The list of instruments from process to process, where all are wanted. */
  readonly kept: KeptFile<readonly string[]>
  /** Null where REST would ask another exchange than the stream. */
  readonly client: BybitRestClient | null
  readonly clock: Clock
  /** How often the list of instruments is read. */
  readonly listPollMs: number
  readonly journal: Journal
  /** What is refused first where the journal has not room for everything; undefined for nothing. */
  readonly dropFirst: PublicChannel | undefined
  readonly recorders: Recorders
  readonly pipeline: Pipeline
  readonly handlers: MarketCaptureHandlers
}

/** Captures one category: its stream, and the list of its instruments, which it follows where all are wanted. */
export class MarketCapture {
  readonly #options: MarketCaptureOptions
  readonly #stop = new AbortController()
  #stream: BybitPublicStream | null = null
  #symbols: ReadonlySet<string> = new Set()
  #following: Promise<void> = Promise.resolve()

  /** Throws `INVALID_OPTION` for named instruments that the stream refuses. */
  constructor(options: MarketCaptureOptions) {
    this.#options = options
    const { all, names } = options.wanted
    if (!all) this.#stream = this.#makeStream(names)
  }

  get category(): Category {
    return this.#options.wanted.category
  }

  /** The instruments that are captured, as far as they are known. */
  get symbols(): readonly string[] {
    const { all, names } = this.#options.wanted
    return all ? [...this.#symbols] : names
  }

  /** Whether it is known which instruments are wanted. */
  get isListed(): boolean {
    return this.#stream !== null
  }

  start(): void {
    if (this.#stream !== null) this.#startStream(this.#stream)
    if (this.#options.client !== null) this.#following = this.#follow(this.#options.client)
  }

  /** The state of every wanted topic. */
  topics(): MarketTopic[] {
    const topics = this.#stream?.topics() ?? []
    return topics.map((topic) => ({ ...topic, category: this.category }))
  }

  /** Asks connections that were silent for so long for a sign of life; gives those that owe one. */
  askSilent(afterMs: number): readonly UnansweredConnection[] {
    return this.#stream?.askSilent(afterMs) ?? []
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#stream?.close()
    await this.#following
    await this.#options.kept.settled()
  }

  async #follow(client: BybitRestClient): Promise<void> {
    const { clock, kept, listPollMs, handlers, wanted } = this.#options
    const known = wanted.all ? await this.#beginWithKept() : []
    const follower = new SymbolFollower({
      category: this.category,
      client,
      clock,
      pollMs: listPollMs,
      known,
      recordsOnly: !wanted.all,
      onList: (reading) => handlers.onList(reading),
      onSymbols: async (symbols) => {
        if (!wanted.all) return
        await this.#setSymbols(symbols)
        kept.keep([...symbols].sort())
      },
      onUnreadable: (rows) => handlers.onUnreadable(rows),
      onPartial: (coins) => handlers.onPartial(coins),
      onRetry: (error, failures) => handlers.onListRetry(error, failures),
    })
    return follower.run(this.#stop.signal)
  }

  /** Captures what was last listed, if an earlier process kept it, until the list is read; gives that. */
  async #beginWithKept(): Promise<readonly string[]> {
    const { handlers, kept } = this.#options
    const list = kept.read()
    if (list === null) return []
    try {
      await this.#setSymbols(list.value)
      handlers.onKept(list.value.length, list.keptAt)
      return list.value
    } catch (error) {
      // Only a file that somebody changed has names that the stream refuses.
      this.#symbols = new Set()
      kept.ignore(reasonOf(error))
      return []
    }
  }

  async #setSymbols(symbols: readonly string[]): Promise<void> {
    const { handlers } = this.#options
    const added = symbols.filter((symbol) => !this.#symbols.has(symbol))
    const removed = [...this.#symbols].filter((symbol) => !symbols.includes(symbol))
    const { signal } = this.#stop
    // It asks a database, which may never answer.
    if (added.length > 0) await untilAborted(handlers.beforeAdded(added), signal)
    if (signal.aborted) return
    this.#symbols = new Set(symbols)
    if (this.#stream === null) {
      this.#stream = this.#makeStream(symbols)
      this.#startStream(this.#stream)
    } else if (added.length + removed.length > 0) {
      this.#stream.setSymbols(symbols)
      handlers.onRemoved(removed)
    }
  }

  #makeStream(symbols: readonly string[]): BybitPublicStream {
    const { dropFirst, handlers, journal, pipeline, recorders } = this.#options
    const { category } = this
    const stream = new BybitPublicStream({ ...this.#options.stream, category, symbols })
    const priorities = new Map<string, JournalPriority>()
    const recorder = new StreamRecorder({
      journal,
      category,
      accountId: null,
      priorityOf: (bytes) => {
        const name = topicOf(bytes)
        const known = priorities.get(name)
        if (known !== undefined) return known
        const topic = stream.topics().find(({ topic: wanted }) => wanted === name)
        if (topic === undefined) return 'market'
        const priority = topic.channel === dropFirst ? 'expendable' : 'market'
        priorities.set(name, priority)
        return priority
      },
      checkpoint: () => stream.checkpoint(),
    })
    recorders.add(recorder)
    stream.on('control', (control) => recorder.onControl(control))
    stream.on('frame', (frame) => recorder.onFrame(frame))
    stream.on('normalized', (frame) => {
      handlers.onEvents(frame.events, frame.frame.localTsUs)
      pipeline.accept(frame, recorder.place)
    })
    stream.on('status', (status) => {
      if (status.type === 'live') {
        const topic = stream.topics().find((candidate) => candidate.topic === status.topic)
        if (topic !== undefined) {
          const live = streamOf({ ...topic, category })
          recorder.note(liveNote(live, topic.topic), this.#options.clock.nowUs())
          handlers.onLive(live, topic.topic)
        }
      }
      handlers.onStatus(status)
    })
    return stream
  }

  #startStream(stream: BybitPublicStream): void {
    stream.start({ signal: this.#stop.signal }).catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.#options.handlers.onFailure(error)
    })
  }
}

/** The topic that a frame begins with. */
const TOPIC = /^\s*\{\s*"topic"\s*:\s*"([^"\\]+)"/

function topicOf(bytes: Uint8Array): string {
  const [, name = ''] = TOPIC.exec(Buffer.from(bytes.subarray(0, 256)).toString('latin1')) ?? []
  return name
}
