import { type Clock, sleep } from '@grid/core-events'
import type { JournalReader } from '../durable-journal.ts'
import { listSegments, type SegmentName } from '../files/file-names.ts'
import type { Block } from '../format/block.ts'
import { decodeBlock } from '../format/decode.ts'
import type { JournalItem } from '../format/items.ts'
import { type JournalPosition, segmentOf } from '../format/position.ts'
import { openSource } from '../segments/open-source.ts'
import type { SegmentSource } from '../segments/segment-source.ts'
import { Continuity } from './continuity.ts'
import type { LogTail } from './log-tail.ts'

/** What a reader is made of. */
export interface FileReaderOptions {
  readonly directory: string
  readonly clock: Clock
  readonly tail: LogTail
  /** Items after this position are new; the ones up to it are given as state. 0: all are new. */
  readonly from: JournalPosition
  readonly readsArchive: boolean
  /** A file holds something damaged, and records lack. */
  readonly onCorrupt: (file: SegmentName) => void
  readonly onUnreadable: (file: SegmentName, cause: unknown) => void
}

/** Errors that pass: the file is tried again. */
const PASSING: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EINTR'])
const RETRY_MS = 1000

/** Reads a journal's files in order, and what no sync covers yet from memory. */
export class FileReader implements JournalReader {
  readonly #options: FileReaderOptions
  readonly #continuity: Continuity
  readonly #closing = new AbortController()
  /** The first segment whose records are asked for. */
  readonly #start: number
  /** The number of the file that is read, or was last. */
  #file: number
  #name: SegmentName | null = null
  #source: SegmentSource | null = null
  #damages = 0
  /** Everything up to here was given, or is not there. */
  #passed: JournalPosition = -1
  /** What the growing file held for sure when it was read last. */
  #trusted: JournalPosition = -1

  constructor(options: FileReaderOptions) {
    this.#options = options
    this.#start = segmentOf(options.from)
    this.#file = this.#start - 1
    this.#continuity = new Continuity(options.from, options.onCorrupt)
  }

  get position(): JournalPosition {
    return Math.max(this.#options.from, this.#passed)
  }

  get isAtTail(): boolean {
    return this.#passed >= this.#options.tail.position
  }

  async next(): Promise<readonly JournalItem[]> {
    const { tail } = this.#options
    while (!this.#closing.signal.aborted) {
      if (this.#passed >= tail.durable) return this.#fromMemory()
      const block = await this.#fromFiles()
      const items = block === null ? [] : this.#take(block)
      if (items.length > 0) return items
    }
    return []
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#closeSource()
  }

  /** Within the step: what it gives is all that there is now, or a block of it. */
  #fromMemory(): readonly JournalItem[] {
    const { tail } = this.#options
    for (;;) {
      const block = tail.blockAfter(this.#passed)
      if (block === null) {
        this.#passed = tail.position
        return []
      }
      // The buffer is used again once the block is durable.
      const items = this.#take({ ...block, bytes: new Uint8Array(block.bytes) })
      if (items.length > 0) return items
    }
  }

  #take(block: Block): readonly JournalItem[] {
    const { from } = this.#options
    // Before its own records a file may hold some of earlier segments, written again after an error.
    if (block.segment < this.#start) return []
    const decoded = decodeBlock(block, this.#continuity.last, from)
    if (decoded === null) {
      this.#continuity.lose('corrupt', this.#name)
      return []
    }
    this.#passed = Math.max(this.#passed, block.last)
    return this.#continuity.join(block, decoded)
  }

  /** The next block of the files; null when one of them has ended, or there is no other. */
  async #fromFiles(): Promise<Block | null> {
    const { tail } = this.#options
    const durable = tail.durable
    const source = this.#source ?? (await this.#openNext())
    if (source === null) {
      this.#passed = Math.max(this.#passed, durable)
      return null
    }
    if (this.#passed >= this.#trusted) {
      source.refresh()
      this.#trusted = tail.durable
    }
    const isComplete = this.#file < tail.growing
    const block = await this.#nextOf(source)
    if (block !== null || this.#source === null) return block
    if (isComplete) await this.#closeSource()
    else this.#passed = Math.max(this.#passed, this.#trusted)
    return null
  }

  async #nextOf(source: SegmentSource): Promise<Block | null> {
    try {
      const block = await source.next()
      if (source.damages > this.#damages) {
        this.#damages = source.damages
        this.#continuity.lose('corrupt', this.#name)
      }
      return block
    } catch (error) {
      if (this.#name !== null) this.#options.onUnreadable(this.#name, error)
      this.#continuity.lose('unreadable')
      await this.#closeSource()
      return null
    }
  }

  /** Opens the file after the last one; null when there is none. */
  async #openNext(): Promise<SegmentSource | null> {
    const { directory, clock, tail, readsArchive } = this.#options
    while (!this.#closing.signal.aborted) {
      try {
        const names = await listSegments(directory)
        const name = names.find(
          ({ number, isArchived }) =>
            number > this.#file && number <= tail.growing && (readsArchive || !isArchived),
        )
        if (name === undefined) return null
        if (this.#file < this.#start) this.#continuity.beginWith(name.number)
        const source = await this.#open(name)
        if (source !== null) return source
      } catch {
        await sleep(clock, RETRY_MS, this.#closing.signal)
      }
    }
    return null
  }

  /** Null when it cannot be read, and is passed over, or is gone meanwhile. Rejects with errors that pass. */
  async #open(name: SegmentName): Promise<SegmentSource | null> {
    try {
      const source = await openSource(this.#options.directory, name)
      this.#file = name.number
      this.#name = name
      this.#source = source
      this.#damages = 0
      this.#trusted = -1
      return source
    } catch (error) {
      const { code } = error as { code?: unknown }
      // It was packed, or removed as released, since the directory was read.
      if (code === 'ENOENT') return null
      if (PASSING.has(code)) throw error
      this.#options.onUnreadable(name, error)
      this.#continuity.lose('unreadable')
      this.#file = name.number
      return null
    }
  }

  async #closeSource(): Promise<void> {
    const source = this.#source
    this.#source = null
    await source?.close().catch(() => {})
  }
}
