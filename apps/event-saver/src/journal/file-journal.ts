import type {
  DurableJournal,
  JournalCounts,
  JournalFault,
  JournalFrame,
  JournalOptions,
  JournalPriority,
  JournalReader,
  JournalState,
} from './durable-journal.ts'
import type { JournalDirectory } from './files/directory.ts'
import { type SegmentName, segmentPath } from './files/file-names.ts'
import type { JournalFiles } from './files/journal-files.ts'
import type { Block } from './format/block.ts'
import type { JournalNote, JournalOrigin } from './format/items.ts'
import { firstPositionOf, type JournalPosition } from './format/position.ts'
import { boundsOf, type JournalBounds } from './journal-bounds.ts'
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
  #durable: JournalPosition
  #segmentBeganUs: number
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
    this.id = directory.id
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
      onClosed: () => {},
      onError: (error, file, what) => this.#onError(error, file, what),
      makeRoom: async () => {},
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
    return this.firstOfProcess
  }

  get bytes(): number {
    return this.#writer.openBytes + this.#queue.bytes + this.#appender.openBytes
  }

  get totalBytes(): number {
    return this.bytes
  }

  get counts(): JournalCounts {
    const { appended, unwritten } = this.#appender
    return { appended, unwritten, corruptBlocks: this.#corruptBlocks }
  }

  accepts(_priority: JournalPriority): boolean {
    return true
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
      from,
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

  release(_position: JournalPosition): void {}

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
    this.#directory.unlock()
    return this.#durable
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
  }

  #onDurable(blocks: readonly Block[]): void {
    this.#durable = blocks.at(-1)?.last ?? this.#durable
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
    const file = segmentPath(this.#directory.path, name)
    const text = 'a segment of the journal is damaged: what it cannot give is a hole'
    this.#fault('JOURNAL_CORRUPT', 'error', text, file)
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
