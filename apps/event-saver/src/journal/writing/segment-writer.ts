import type { Clock, ClockTimer } from '@grid/core-events'
import { logName, segmentPath } from '../files/file-names.ts'
import type { JournalFiles, SegmentFile } from '../files/journal-files.ts'
import type { Block } from '../format/block.ts'
import type { JournalPosition } from '../format/position.ts'
import type { BlockQueue } from './block-queue.ts'

/** What a segment writer is made of. */
export interface SegmentWriterOptions {
  readonly directory: string
  readonly files: JournalFiles
  readonly clock: Clock
  readonly queue: BlockQueue
  /** The first segment, whose file must not exist. */
  readonly segment: number
  readonly syncIntervalMs: number
  /** These blocks are safe from a power cut. */
  readonly onDurable: (blocks: readonly Block[]) => void
  /** The file of a new segment takes blocks: appending is to go on in it, in this step. */
  readonly onSegment: (segment: number) => void
  /** The segment in which positions are handed out. */
  readonly segmentInUse: () => number
  /** A file was closed for good. */
  readonly onClosed: (segment: number, bytes: number) => void
  /** A file cannot be written, synced or made; or everything works again (null). */
  readonly onError: (error: unknown, file: string, what: WriteFailure | null) => void
  /** Tries to make room on the disk before the next file is made. */
  readonly makeRoom: (error: unknown) => Promise<void>
}

/** `ended`: the next file is tried at once. `stalled`: that one failed too. `postponed`: the segment grows on. */
export type WriteFailure = 'ended' | 'stalled' | 'postponed'

interface Target {
  readonly segment: number
  readonly path: string
  readonly file: SegmentFile
  /** Bytes that were written. */
  offset: number
}

/** How long after a failure the next file is tried. */
const RETRY_MS = 1000
/** The most blocks, and about the most bytes, of one write. */
const MAX_BLOCKS = 512
const MAX_WRITE_BYTES = 8 * 2 ** 20

/**
 * Writes the queue's blocks to files, in order: one write and one sync at a time. Any error ends a file, because
 * after a failed sync the system takes its pages for clean; what it did not hold for sure is written to a new one.
 */
export class SegmentWriter {
  readonly #options: SegmentWriterOptions
  #target: Target | null
  /** The next segment's file, while `target` gets its last blocks. */
  #next: Target | null = null
  /** Whether `target` is a new file after an error, in which nothing was synced yet. */
  #isTrial = false
  #growing: number
  #isStalled = false
  #isClosed = false
  #isWriting = false
  #isSyncing = false
  #isCreating = false
  #creating: Promise<void> = Promise.resolve()
  /** Why `target` is given up, once what is in flight has ended. */
  #failure: { readonly error: unknown } | null = null
  #syncTimer: ClockTimer | null = null
  #retryTimer: ClockTimer | null = null
  /** The highest number that a file may have. */
  #highest: number
  #flushes: { readonly until: JournalPosition; readonly done: () => void }[] = []

  /** Makes the first file within the step. Throws errors of the file system. */
  constructor(options: SegmentWriterOptions) {
    this.#options = options
    const { segment, files } = options
    this.#highest = segment
    this.#growing = segment
    const path = this.#path(segment)
    this.#target = { segment, path, file: files.createSync(path), offset: 0 }
  }

  /** Whether the disk takes nothing: no new file could be made or written. */
  get isStalled(): boolean {
    return this.#isStalled
  }

  /** The newest segment whose file holds something durable or will; files before it do not grow. */
  get growing(): number {
    return this.#growing
  }

  /** Bytes of the files that are open. */
  get openBytes(): number {
    return this.#target?.offset ?? 0
  }

  /** Writes what waits, unless a write is in flight. */
  pump(): void {
    const target = this.#target
    const { queue } = this.#options
    if (this.#isWriting || this.#failure !== null || target === null) return
    const end = this.#next?.segment ?? Number.POSITIVE_INFINITY
    const blocks = queue.startWrite(end, MAX_BLOCKS, MAX_WRITE_BYTES)
    if (blocks.length > 0) void this.#write(target, blocks)
    else if (this.#next !== null && queue.written === 0 && !this.#isSyncing) this.#turn()
    else this.#syncSoon()
  }

  /** Makes the next segment's file; once it is there, `onSegment` is called. */
  roll(): void {
    if (this.#next !== null || this.#target === null || this.#isTrial) return
    if (this.#retryTimer === null) void this.#create()
  }

  /** Resolves once no block up to a position waits, or the disk takes nothing. */
  flush(until: JournalPosition): Promise<void> {
    if (this.#isStalled || this.#isClosed) return Promise.resolve()
    return new Promise((done) => {
      this.#flushes.push({ until, done })
      this.#endFlushes()
      this.pump()
    })
  }

  /** Closes the files. Flush first. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#syncTimer?.cancel()
    this.#retryTimer?.cancel()
    // It removes a file that came too late; after the close the name may be the next process's.
    await this.#creating
    const files = [this.#target, this.#next]
    this.#target = null
    this.#next = null
    for (const target of files) {
      if (target === null) continue
      await target.file.close().catch(() => {})
      this.#options.onClosed(target.segment, target.offset)
    }
    this.#endFlushes(true)
  }

  #path(segment: number): string {
    return segmentPath(this.#options.directory, logName(segment))
  }

  async #write(target: Target, blocks: readonly Block[]): Promise<void> {
    const bytes = blocks.reduce((sum, block) => sum + block.bytes.byteLength, 0)
    this.#isWriting = true
    try {
      const views = blocks.map((block) => block.bytes)
      const written = await target.file.write(views, target.offset)
      // A full disk shows first as a write that ends early.
      if (written !== bytes) throw new ShortWrite(written, bytes)
      target.offset += bytes
      this.#options.queue.endWrite()
    } catch (error) {
      this.#failure ??= { error }
    }
    this.#isWriting = false
    this.#goOn()
  }

  /** Begins a sync at once where somebody waits for it, else after the interval. */
  #syncSoon(): void {
    if (this.#options.queue.written === 0 || this.#isSyncing || this.#target === null) return
    if (this.#flushes.length > 0 || this.#isTrial || this.#next !== null) {
      this.#syncTimer?.cancel()
      this.#syncTimer = null
      void this.#sync(this.#target)
      return
    }
    this.#syncTimer ??= this.#options.clock.setTimer(() => {
      this.#syncTimer = null
      if (this.#target !== null && !this.#isSyncing && this.#failure === null) {
        void this.#sync(this.#target)
      }
    }, this.#options.syncIntervalMs)
  }

  /** Covers what was written when it begins. */
  async #sync(target: Target): Promise<void> {
    const { queue, onDurable } = this.#options
    const covered = queue.written
    if (covered === 0) return
    this.#isSyncing = true
    try {
      await target.file.sync()
      onDurable(queue.cover(covered))
      if (this.#isTrial) this.#prove(target)
    } catch (error) {
      this.#failure ??= { error }
    }
    this.#isSyncing = false
    this.#goOn()
  }

  /** After a write or a sync: gives the file up, or goes on. */
  #goOn(): void {
    if (this.#isClosed) return
    if (this.#failure === null) {
      this.#endFlushes()
      this.pump()
      if (this.#isWriting) this.#syncSoon()
    } else if (!this.#isWriting && !this.#isSyncing) void this.#giveUp(this.#failure.error)
  }

  /** The last block of a segment is durable: its file is closed, and the next one takes its place. */
  #turn(): void {
    const ended = this.#target
    this.#target = this.#next
    this.#growing = this.#next?.segment ?? this.#growing
    this.#next = null
    if (ended !== null) void this.#end(ended)
    this.pump()
  }

  async #end(target: Target): Promise<void> {
    await target.file.close().catch(() => {})
    this.#options.onClosed(target.segment, target.offset)
  }

  async #giveUp(error: unknown): Promise<void> {
    const target = this.#target
    const wasTrial = this.#isTrial
    this.#target = null
    this.#isTrial = false
    this.#syncTimer?.cancel()
    this.#syncTimer = null
    this.#options.queue.rewind()
    this.#failure = null
    if (target !== null) {
      await target.file.close().catch(() => {})
      // No position in it was handed out.
      if (wasTrial) await this.#options.files.unlink(target.path).catch(() => {})
      else this.#options.onClosed(target.segment, target.offset)
    }
    if (this.#isClosed) return
    if (wasTrial) return this.#stall(error, target?.path ?? '')
    this.#options.onError(error, target?.path ?? '', 'ended')
    await this.#options.makeRoom(error)
    if (this.#target !== null) return
    if (this.#next !== null) this.#turn()
    else await this.#create()
  }

  #stall(error: unknown, path: string): void {
    const isFirst = !this.#isStalled
    this.#isStalled = true
    this.#endFlushes(true)
    if (isFirst) this.#options.onError(error, path, 'stalled')
    this.#retryTimer ??= this.#options.clock.setTimer(() => {
      this.#retryTimer = null
      void this.#retry(error)
    }, RETRY_MS)
  }

  async #retry(error: unknown): Promise<void> {
    await this.#options.makeRoom(error)
    if (this.#target === null) await this.#create()
  }

  /** Makes a file: the next one of a roll, or after an error one to try. */
  #create(): Promise<void> {
    if (this.#isCreating || this.#isClosed) return this.#creating
    this.#isCreating = true
    this.#creating = this.#createFile()
    return this.#creating
  }

  async #createFile(): Promise<void> {
    const segment = Math.max(this.#highest, this.#options.segmentInUse()) + 1
    const path = this.#path(segment)
    let file: SegmentFile
    try {
      file = await this.#options.files.create(path)
    } catch (error) {
      // A file of this number that was there is not ours.
      if ((error as { code?: unknown }).code === 'EEXIST') this.#highest = segment
      else await this.#options.files.unlink(path).catch(() => {})
      this.#isCreating = false
      this.#createFailed(error, path)
      return
    }
    this.#isCreating = false
    const target = { segment, path, file, offset: 0 }
    if (this.#isClosed) {
      await file.close().catch(() => {})
      await this.#options.files.unlink(path).catch(() => {})
    } else if (this.#target === null) {
      this.#target = target
      this.#isTrial = true
      if (this.#options.queue.isEmpty) this.#prove(target)
      this.pump()
    } else {
      this.#next = target
      this.#begin(segment)
    }
  }

  #createFailed(error: unknown, path: string): void {
    if (this.#isClosed) return
    if (this.#target === null) {
      this.#stall(error, path)
      return
    }
    this.#options.onError(error, path, 'postponed')
    this.#retryTimer = this.#options.clock.setTimer(() => {
      this.#retryTimer = null
    }, RETRY_MS)
  }

  /** A new file after an error has shown that it can be written. */
  #prove(target: Target): void {
    this.#isTrial = false
    const wasStalled = this.#isStalled
    this.#isStalled = false
    this.#growing = target.segment
    this.#begin(target.segment)
    if (wasStalled) this.#options.onError(null, target.path, null)
  }

  #begin(segment: number): void {
    this.#highest = segment
    this.#options.onSegment(segment)
    this.pump()
  }

  /** Ends the waits for what is durable; where nothing will be, all. */
  #endFlushes(all = false): void {
    const oldest = this.#options.queue.oldest?.first ?? Number.POSITIVE_INFINITY
    const ended = this.#flushes.filter(({ until }) => all || until < oldest)
    this.#flushes = this.#flushes.filter((flush) => !ended.includes(flush))
    for (const { done } of ended) done()
  }
}

/** A write that took only a part, as on a full disk. */
class ShortWrite extends Error {
  override readonly name = 'ShortWrite'
  readonly code = 'ENOSPC'

  constructor(written: number, bytes: number) {
    super(`the disk took ${written} of ${bytes} bytes`)
  }
}
