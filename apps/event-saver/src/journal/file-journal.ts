import type {
  DurableJournal,
  JournalCounts,
  JournalFault,
  JournalFrame,
  JournalOptions,
  JournalPriority,
  JournalReader,
  JournalState,
  RemovedAccount,
} from './durable-journal.ts'
import type { JournalDirectory } from './files/directory.ts'
import { type SegmentName, segmentPath } from './files/file-names.ts'
import type { JournalFiles } from './files/journal-files.ts'
import type { Block } from './format/block.ts'
import type { JournalNote, JournalOrigin } from './format/items.ts'
import { firstPositionOf, type JournalPosition } from './format/position.ts'
import { boundsOf, type JournalBounds, minFreeOf } from './journal-bounds.ts'
import { readEnd, writeEnd } from './keeping/end-mark.ts'
import { ForgottenMark } from './keeping/forgotten-mark.ts'
import { Keeper } from './keeping/keeper.ts'
import { FileReader } from './reading/file-reader.ts'
import type { LogTail } from './reading/log-tail.ts'
import { Appender } from './writing/appender.ts'
import { BlockQueue } from './writing/block-queue.ts'
import { BufferPool } from './writing/buffer-pool.ts'
import { SegmentWriter, type WriteFailure } from './writing/segment-writer.ts'

/** A journal in segment files: appends to memory, writes behind, reads both. */
export class FileJournal implements DurableJournal, LogTail {
  readonly id: string
  readonly firstOfProcess: JournalPosition
  readonly #options: JournalOptions
  readonly #bounds: JournalBounds
  readonly #directory: JournalDirectory
  readonly #queue = new BlockQueue()
  readonly #pool = new BufferPool()
  readonly #writer: SegmentWriter
  readonly #appender: Appender
  readonly #keeper: Keeper
  readonly #endBefore: JournalPosition
  #durable: JournalPosition
  #released: JournalPosition = 0
  /** Where the first records of segments end that no sync covers yet. */
  readonly #heads: { readonly segment: number; readonly end: JournalPosition }[] = []
  /** The newest segment whose first records are durable. */
  #checkpointed = 0
  #segmentBeganUs: number
  readonly #forgotten: ForgottenMark
  /** Accounts that are to be forgotten, and the last segment in which they may have something. */
  #forgetting: { readonly key: string; readonly until: number } | null = null
  #isHoleOpen = false
  #isClosed = false
  #corruptBlocks = 0

  /** Throws errors of the file system. */
  constructor(options: JournalOptions, directory: JournalDirectory, files: JournalFiles) {
    const { clock, environment, checkpoint } = options
    const segment = directory.newest + 1
    const bounds = boundsOf(options)
    this.#options = options
    this.#bounds = bounds
    this.#directory = directory
    this.#forgotten = new ForgottenMark(directory.path)
    this.id = directory.id
    this.#endBefore = readEnd(directory.path)
    this.firstOfProcess = firstPositionOf(segment)
    this.#durable = this.firstOfProcess - 1
    this.#segmentBeganUs = clock.nowUs()
    this.#writer = new SegmentWriter({
      directory: directory.path,
      files,
      clock,
      queue: this.#queue,
      segment,
      syncIntervalMs: bounds.syncIntervalMs,
      segmentInUse: () => this.#appender.segment,
      onDurable: (blocks) => this.#onDurable(blocks),
      onSegment: (next) => this.#onSegment(next),
      onClosed: (closed, bytes) => this.#keeper.closed(closed, bytes),
      onError: (error, file, what) => this.#onError(error, file, what),
      makeRoom: (error) => this.#keeper.makeRoom(error),
    })
    this.#appender = new Appender({
      clock,
      journal: directory.id,
      environment,
      segment,
      blockDelayMs: bounds.blockDelayMs,
      queueBytes: bounds.queueBytes,
      queue: this.#queue,
      pool: this.#pool,
      checkpoint,
      onBlock: () => this.#writer.pump(),
      onHole: (isOpen) => this.#onHole(isOpen),
      onDefect: (error) =>
        this.#fault('JOURNAL_DEFECT', 'error', 'a checkpoint could not be made', null, error),
    })
    this.#heads.push({ segment, end: this.position })
    this.#keeper = new Keeper({
      ...bounds,
      directory: directory.path,
      clock,
      files,
      segment,
      oldest: directory.oldest,
      minFree: (diskBytes) => minFreeOf(options.minFreeBytes, diskBytes),
      growing: () => this.#writer.growing,
      growingBytes: () => this.#growingBytes,
      checkpointed: () => this.#checkpointed,
      onFault: options.onFault,
    })
  }

  get state(): JournalState {
    if (this.#isClosed) return 'closed'
    return this.#isHoleOpen || this.#writer.isStalled ? 'stalled' : 'running'
  }

  get position(): JournalPosition {
    return this.#appender.position
  }

  get durable(): JournalPosition {
    return this.#durable
  }

  get growing(): number {
    return this.#writer.growing
  }

  get oldest(): JournalPosition {
    return firstPositionOf(this.#keeper.oldest)
  }

  get bytes(): number {
    const { segment, records } = this.#appender
    const released = Math.max(0, this.#released + 1 - firstPositionOf(segment))
    // The part of the growing segment that is released, as if all records were of one length.
    const held = this.#growingBytes * (1 - Math.min(1, released / records))
    return this.#keeper.heldBytes + Math.round(held)
  }

  get totalBytes(): number {
    return this.#keeper.totalBytes + this.#growingBytes
  }

  get counts(): JournalCounts {
    const { appended, unwritten } = this.#appender
    return { appended, unwritten, corruptBlocks: this.#corruptBlocks }
  }

  accepts(priority: JournalPriority): boolean {
    return this.#keeper.accepts(priority)
  }

  connect(origin: JournalOrigin): number {
    return this.#appender.connect(origin)
  }

  append(connection: number, frame: JournalFrame): JournalPosition {
    const { bytes, localTsUs, index } = frame
    const position = this.#appender.append(connection, bytes, localTsUs, index)
    this.#rollIfDue(localTsUs)
    return position
  }

  note(note: JournalNote, localTsUs: number = this.#options.clock.nowUs()): JournalPosition {
    const position = this.#appender.note(note, localTsUs)
    const { connection } = note
    if (note.type === 'closed' && typeof connection === 'number') {
      this.#appender.disconnect(connection)
    }
    this.#rollIfDue(localTsUs)
    return position
  }

  reader(from: JournalPosition): JournalReader {
    return new FileReader({
      directory: this.#directory.path,
      clock: this.#options.clock,
      tail: this,
      from: this.#known(from),
      // A database that was made anew is filled from the archive by a command, not at each start.
      readsArchive: from > 0,
      onCorrupt: (name) => this.#onCorrupt(name),
      onUnreadable: (name, cause) => this.#onUnreadable(name, cause),
    })
  }

  blockAfter(position: JournalPosition): Block | null {
    const block = this.#queue.after(position)
    if (block !== null) return block
    const open = this.#appender.peek()
    return open !== null && open.last > position ? open : null
  }

  release(position: JournalPosition): void {
    this.#released = Math.max(this.#released, position)
    this.#keeper.release(position)
  }

  get lastOfOthers(): JournalPosition {
    return Math.min(this.firstOfProcess - 1, this.#endBefore)
  }

  markTooOld(isTooOld: boolean): void {
    if (!isTooOld && this.#endBefore === Number.POSITIVE_INFINITY) return
    writeEnd(this.#directory.path, isTooOld ? this.lastOfOthers : null)
  }

  async forget(removed: readonly RemovedAccount[]): Promise<boolean> {
    const due = removed.filter((each) => !this.#forgotten.has(each))
    if (due.length === 0) return true
    const accounts = new Set(due.map(({ accountId }) => accountId))
    if (this.state !== 'running' || this.#appender.hasOpen(accounts)) return false
    const key = [...accounts].join()
    if (this.#forgetting?.key !== key) this.#forgetting = { key, until: this.#writer.growing }
    const { until } = this.#forgetting
    // What they sent last must be in a file that does not grow any more.
    if (this.#writer.growing <= until) this.#writer.roll()
    if (this.#writer.growing <= until || this.#keeper.released <= until) return false
    await this.#keeper.forget(accounts, until + 1)
    await this.#forgotten.add(due)
    this.#forgetting = null
    return true
  }

  async flush(): Promise<JournalPosition> {
    this.#appender.closeBlock()
    await this.#writer.flush(this.position)
    return this.#durable
  }

  async close(): Promise<JournalPosition> {
    if (this.#isClosed) return this.#durable
    this.#appender.close()
    this.#isClosed = true
    await this.#writer.flush(this.position)
    await this.#writer.close()
    await this.#keeper.close()
    this.#directory.unlock()
    return this.#durable
  }

  get #growingBytes(): number {
    return this.#writer.openBytes + this.#queue.bytes + this.#appender.openBytes
  }

  /** A position that may be read from: one beyond the journal's end can only come from files that somebody removed. */
  #known(from: JournalPosition): JournalPosition {
    if (from <= this.position) return from
    const text = `position ${from} lies beyond the journal's end at ${this.position}: segments were removed, or the position is another journal's; everything of this process is read`
    this.#fault('JOURNAL_DEFECT', 'error', text)
    return this.firstOfProcess - 1
  }

  #rollIfDue(timeUs: number): void {
    const { segmentBytes, segmentRecords, segmentAgeMs } = this.#bounds
    const isDue =
      this.#appender.segmentBytes >= segmentBytes ||
      this.#appender.records >= segmentRecords ||
      timeUs - this.#segmentBeganUs >= segmentAgeMs * 1000
    if (isDue) this.#writer.roll()
  }

  #onSegment(segment: number): void {
    this.#segmentBeganUs = this.#options.clock.nowUs()
    this.#appender.beginSegment(segment)
    this.#heads.push({ segment, end: this.position })
  }

  #onDurable(blocks: readonly Block[]): void {
    this.#durable = blocks.at(-1)?.last ?? this.#durable
    for (let head = this.#heads[0]; head !== undefined && head.end <= this.#durable; ) {
      this.#checkpointed = head.segment
      this.#heads.shift()
      head = this.#heads[0]
    }
    for (const block of blocks) this.#pool.give(block.bytes)
  }

  #onHole(isOpen: boolean): void {
    const was = this.state
    this.#isHoleOpen = isOpen
    if (this.state === was) return
    if (isOpen) {
      const text = `${this.#queue.bytes} bytes wait for the disk, the bound: what comes now is not in the journal`
      this.#fault('JOURNAL_STALLED', 'error', text)
    } else this.#fault('JOURNAL_RESUMED', 'info', 'the journal is written again')
  }

  #onError(error: unknown, file: string, what: WriteFailure | null): void {
    const reason = error instanceof Error ? error.message : String(error)
    if (what === null) {
      if (!this.#isHoleOpen) {
        this.#fault('JOURNAL_RESUMED', 'info', 'the journal is written again', file)
      }
    } else if (what === 'ended') {
      const text = `writing a segment of the journal failed (${reason}); the next one is tried`
      this.#fault('JOURNAL_SEGMENT_ENDED', 'warning', text, file, error)
    } else if (what === 'postponed') {
      const text = `the next segment of the journal cannot be made (${reason}); the present one grows on`
      this.#fault('JOURNAL_NOT_ROLLED', 'warning', text, file, error)
    } else {
      const text = `the journal cannot be written (${reason}): check the disk. It is tried again each second; what comes meanwhile waits in memory, up to ${this.#bounds.queueBytes} bytes`
      this.#fault('JOURNAL_STALLED', 'error', text, file, error)
    }
  }

  #onCorrupt(name: SegmentName): void {
    this.#corruptBlocks += 1
    void this.#keeper.setAside(name)
  }

  #onUnreadable(name: SegmentName, cause: unknown): void {
    const file = segmentPath(this.#directory.path, name)
    const text = `a segment of the journal cannot be read (${(cause as Error).message})`
    this.#fault('JOURNAL_UNREADABLE', 'error', text, file, cause)
  }

  #fault(
    code: JournalFault['code'],
    severity: JournalFault['severity'],
    message: string,
    file: string | null = null,
    cause: unknown = null,
  ): void {
    this.#options.onFault({ code, severity, message, file, cause })
  }
}
