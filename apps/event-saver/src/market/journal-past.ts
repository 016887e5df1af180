import { streamSymbol } from '@grid/bybit-adapter'
import {
  believableTs,
  type Gap,
  type GridEvent,
  type MarketStream,
  type PublicEvent,
  streamKey,
  streamOf,
} from '@grid/core-events'
import type { JournalItem, JournalNote } from '../journal/format/items.ts'
import type { JournalPosition } from '../journal/format/position.ts'
import type { ReadFrame } from '../pipeline/recovery/catch-up.ts'
import { StartGaps } from './start-gaps.ts'

/** What the past that a journal holds needs, and whom it tells. */
export interface JournalPastOptions {
  /** The first record of this process. */
  readonly firstOfProcess: JournalPosition
  /**
   * When events of a stream were last stored before this process stored any; undefined when none are. A promise for a
   * stream that is captured no longer, which must be asked for.
   */
  readonly lastStored: (stream: MarketStream) => number | undefined | Promise<number | undefined>
  /** A gap that an earlier process left, and perhaps did not live to record. */
  readonly onGap: (gap: Gap) => void
  /** Everything that earlier processes left was read. */
  readonly onRead: () => void
}

/** The stream of an event. */
interface Place {
  readonly of: Pick<PublicEvent, 'category' | 'channel' | 'symbol'>
  readonly stream: MarketStream
  readonly key: string
}

/** The note that a topic of a stream has begun to deliver. */
export function liveNote(stream: MarketStream, topic: string): JournalNote {
  return { type: 'live', stream: { ...streamOf(stream) }, topic }
}

/**
 * What the journal tells of the time before this process: when the last data of each stream came, and the gaps
 * between earlier processes.
 *
 * An earlier process may have been killed before it knew what the one before it had left. Its gaps are found here
 * as it would have found them, before anything that it received is stored.
 */
export class JournalPast {
  readonly #options: JournalPastOptions
  /** By stream, the time of its newest data, in epoch milliseconds. */
  readonly #newest = new Map<string, number>()
  /** The same before the process that is being read. */
  #before: ReadonlyMap<string, number> = new Map()
  /** What the process that is being read captured, as far as it was read. */
  readonly #streams = new Map<string, MarketStream>()
  /** Of the newest event. */
  #place: Place | null = null
  #starts: StartGaps | null = null
  #seen: JournalPosition = -1
  #isRead = false

  constructor(options: JournalPastOptions) {
    this.#options = options
  }

  /** Whether everything that earlier processes left was read. */
  get isRead(): boolean {
    return this.#isRead
  }

  /** When the last data of a stream came that an earlier process left in the journal; undefined when there are none. */
  lastTs(stream: MarketStream): number | undefined {
    return this.#newest.get(keyOf(stream))
  }

  /** The streams of the process that is being read, as far as it was read; none once it is this one. */
  get streams(): readonly MarketStream[] {
    return [...this.#streams.values()]
  }

  /** Takes the next item of a reading; a promise must be awaited before the next. */
  onItem(item: JournalItem, frame: ReadFrame | null): Promise<unknown> | null {
    if (this.#isRead || item.position <= this.#seen) return null
    this.#seen = item.position
    if (item.position >= this.#options.firstOfProcess) {
      this.#isRead = true
      this.#streams.clear()
      this.#starts = null
      this.#options.onRead()
      return null
    }
    if (item.kind === 'boot') this.#begin()
    for (const event of frame?.events ?? []) this.#onEvent(event, item.localTsUs)
    if (item.kind !== 'note' || item.note.type !== 'live') return null
    return this.#onNote(item.note, Math.floor(item.localTsUs / 1000))
  }

  #begin(): void {
    this.#streams.clear()
    this.#before = new Map(this.#newest)
    this.#starts = new StartGaps((gap) => this.#options.onGap(gap))
  }

  #onNote(note: JournalNote, atMs: number): Promise<unknown> | null {
    // Sound: only `liveNote` makes such notes.
    const stream = note['stream'] as unknown as MarketStream
    this.#streams.set(streamKey(stream), stream)
    const stored = this.#options.lastStored(stream)
    // Earlier versions named no topic.
    const topic = typeof note['topic'] === 'string' ? note['topic'] : ''
    const at = { atMs, topic }
    if (stored instanceof Promise) return stored.then((ts) => this.#onLive(stream, ts, at))
    this.#onLive(stream, stored, at)
    return null
  }

  #onLive(
    stream: MarketStream,
    stored: number | undefined,
    { atMs, topic }: { readonly atMs: number; readonly topic: string },
  ): void {
    if (this.#starts === null) return
    const { category, channel, symbol } = stream
    const times = [this.#before.get(keyOf(stream)), stored]
    const known = times.filter((ts) => ts !== undefined)
    if (known.length > 0) {
      this.#starts.onStored(category, channel, new Map([[symbol, Math.max(...known)]]))
    }
    this.#starts.onLive(stream, atMs, topic)
  }

  #onEvent(event: GridEvent, localTsUs: number): void {
    if ('accountId' in event) return
    const { key, stream } = this.#placeOf(event)
    if (!this.#streams.has(key)) this.#streams.set(key, stream)
    this.#newest.set(key, Math.max(believableTs(event), this.#newest.get(key) ?? 0))
    if (this.#starts?.awaitsData === true) {
      this.#starts.onData(stream, Math.floor(localTsUs / 1000), event.exchangeTs)
    }
  }

  /** Remembered for the next event, as those of a frame are nearly always of one stream. */
  #placeOf(event: PublicEvent): Place {
    const { category, channel, symbol } = event
    const { of } = this.#place ?? {}
    if (of?.symbol === symbol && of.channel === channel && of.category === category) {
      // Sound: it has an `of`.
      return this.#place as Place
    }
    const stream = streamOf({ ...event, symbol: streamSymbol(category, channel, symbol) })
    this.#place = { of: event, stream, key: keyOf(stream) }
    return this.#place
  }
}

/** Start gaps are judged by channel and symbol, in all variants. */
function keyOf({ category, channel, symbol }: MarketStream): string {
  return streamKey({ category, channel, symbol })
}
