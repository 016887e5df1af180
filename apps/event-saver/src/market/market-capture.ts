import {
  BybitPublicStream,
  type BybitRestClient,
  type PublicStreamOptions,
  type StreamStatus,
  type TopicStatus,
} from '@grid/bybit-adapter'
import type { Category, Clock, DeadLetter } from '@grid/core-events'
import type { WantedSymbols } from '../config/wanted-symbols.ts'
import type { Journal } from '../journal/journal.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import { SymbolFollower } from './symbol-follower.ts'

/** A topic with the category of its socket: the same topic exists in several. */
export interface MarketTopic extends TopicStatus {
  readonly category: Category
}

/** What capturing a category needs, and whom it tells. */
export interface MarketCaptureOptions {
  readonly wanted: WantedSymbols
  readonly stream: Omit<PublicStreamOptions, 'category' | 'symbols'>
  readonly client: BybitRestClient
  readonly clock: Clock
  /** How often the list of instruments is read. */
  readonly listPollMs: number
  readonly journal: Journal
  readonly pipeline: Pipeline
  readonly onStatus: (status: StreamStatus, category: Category) => void
  /** Asked before symbols are subscribed that were not wanted until now. */
  readonly beforeSymbols: (category: Category, symbols: readonly string[]) => Promise<void>
  readonly onRemoved: (category: Category, symbols: readonly string[]) => void
  readonly onUnreadable: (category: Category, rows: readonly DeadLetter[]) => void
  readonly onListRetry: (category: Category, error: unknown, failures: number) => void
  readonly onFailure: (error: unknown) => void
}

/** The capture of one category: its stream, and where all instruments are wanted, their list. */
export class MarketCapture {
  readonly #options: MarketCaptureOptions
  readonly #stop = new AbortController()
  #stream: BybitPublicStream | null = null
  #symbols: ReadonlySet<string> = new Set()
  #following: Promise<void> = Promise.resolve()

  constructor(options: MarketCaptureOptions) {
    this.#options = options
    const { all, names } = options.wanted
    // Made at once where it can be, so that what it refuses is known before anything is started.
    if (!all) this.#stream = this.#makeStream(names)
  }

  get category(): Category {
    return this.#options.wanted.category
  }

  /** Whether it is known which instruments are wanted. */
  get isListed(): boolean {
    return this.#stream !== null
  }

  start(): void {
    if (this.#stream !== null) this.#startStream(this.#stream)
    else this.#following = this.#follow()
  }

  /** The stream behind a topic; undefined once it is wanted no more. */
  streamOf(topic: string): MarketTopic | undefined {
    return this.topics().find((candidate) => candidate.topic === topic)
  }

  /** Where every wanted topic stands. */
  topics(): MarketTopic[] {
    const topics = this.#stream?.topics() ?? []
    return topics.map((topic) => ({ ...topic, category: this.category }))
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#stream?.close()
    await this.#following
  }

  #follow(): Promise<void> {
    const { client, clock, listPollMs, onListRetry } = this.#options
    const follower = new SymbolFollower({
      category: this.category,
      client,
      clock,
      pollMs: listPollMs,
      onSymbols: (symbols) => this.#setSymbols(symbols),
      onUnreadable: (rows) => this.#options.onUnreadable(this.category, rows),
      onRetry: (error, failures) => onListRetry(this.category, error, failures),
    })
    return follower.run(this.#stop.signal)
  }

  async #setSymbols(symbols: readonly string[]): Promise<void> {
    const added = symbols.filter((symbol) => !this.#symbols.has(symbol))
    const removed = [...this.#symbols].filter((symbol) => !symbols.includes(symbol))
    if (added.length > 0) await this.#options.beforeSymbols(this.category, added)
    if (this.#stop.signal.aborted) return
    this.#symbols = new Set(symbols)
    if (this.#stream === null) {
      this.#stream = this.#makeStream(symbols)
      this.#startStream(this.#stream)
    } else if (added.length + removed.length > 0) {
      this.#stream.setSymbols(symbols)
      this.#options.onRemoved(this.category, removed)
    }
  }

  #makeStream(symbols: readonly string[]): BybitPublicStream {
    const { journal, pipeline, onStatus } = this.#options
    const category = this.category
    const stream = new BybitPublicStream({ ...this.#options.stream, category, symbols })
    let position = 0
    stream.on('frame', (frame) => {
      position = journal.append(frame)
    })
    stream.on('normalized', (frame) => pipeline.accept(frame, position))
    stream.on('status', (status) => onStatus(status, category))
    return stream
  }

  #startStream(stream: BybitPublicStream): void {
    stream.start({ signal: this.#stop.signal }).catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.#options.onFailure(error)
    })
  }
}
