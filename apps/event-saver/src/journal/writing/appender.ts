import type { Clock, ClockTimer } from '@grid/core-events'
import type { ConnectionState } from '../durable-journal.ts'
import { type Block, MAX_RECORD_BYTES } from '../format/block.ts'
import { BLOCK_BYTES, BlockBuilder } from '../format/block-builder.ts'
import type { JournalOrigin } from '../format/items.ts'
import { firstPositionOf, type JournalPosition, POSITIONS_A_SEGMENT } from '../format/position.ts'
import { FORMAT, RECORD, type RecordKind, type SegmentHead } from '../format/record.ts'
import type { BlockQueue } from './block-queue.ts'
import type { BufferPool } from './buffer-pool.ts'

/** What an appender is made of. */
export interface AppenderOptions {
  readonly clock: Clock
  readonly journal: string
  readonly environment: string
  /** The process's first segment. */
  readonly segment: number
  readonly blockDelayMs: number
  /** The bound of what waits for the disk. */
  readonly queueBytes: number
  readonly queue: BlockQueue
  readonly pool: BufferPool
  readonly checkpoint: () => Iterable<ConnectionState>
  /** A block is in the queue. */
  readonly onBlock: () => void
  /** Records are not in the journal from now on, or are again. */
  readonly onHole: (isOpen: boolean) => void
  /** `checkpoint` threw. */
  readonly onDefect: (error: unknown) => void
}

/**
 * Gives records their positions and puts them into blocks, and these into the queue. Only memory is touched: it never
 * waits and never throws.
 */
export class Appender {
  readonly #options: AppenderOptions
  readonly #connections = new Map<number, JournalOrigin>()
  #connection = 0
  #segment: number
  /** The next record's number within the segment. */
  #record = 0
  #appended = 0
  #unwritten = 0
  /** First of the newest records that are not in the journal; null when the newest is. */
  #holeFrom: JournalPosition | null = null
  /** Bytes of the segment's closed blocks. */
  #closedBytes = 0
  #open: BlockBuilder | null = null
  #timer: ClockTimer | null = null
  #isClosed = false

  constructor(options: AppenderOptions) {
    this.#options = options
    this.#segment = options.segment
    this.#head(null)
    this.#json(RECORD.boot, 0, { environment: options.environment })
  }

  /** The newest position that was handed out. */
  get position(): JournalPosition {
    return this.#next - 1
  }

  get segment(): number {
    return this.#segment
  }

  /** Records in the present segment. */
  get records(): number {
    return this.#record
  }

  get appended(): number {
    return this.#appended
  }

  get unwritten(): number {
    return this.#unwritten
  }

  /** Bytes of the present segment. */
  get segmentBytes(): number {
    return this.#closedBytes + this.openBytes
  }

  /** Bytes of the open block. */
  get openBytes(): number {
    return this.#open?.length ?? 0
  }

  /** The open block as it is now; null for none. */
  peek(): Block | null {
    return this.#open?.peek() ?? null
  }

  append(connection: number, bytes: Uint8Array, timeUs: number, index: number): JournalPosition {
    return this.#append(RECORD.frame, connection, timeUs, index, bytes)
  }

  note(value: object, timeUs: number): JournalPosition {
    return this.#json(RECORD.note, 0, value, timeUs)
  }

  connect(origin: JournalOrigin): number {
    this.#connection += 1
    this.#connections.set(this.#connection, origin)
    this.#json(RECORD.opened, this.#connection, origin)
    return this.#connection
  }

  /** Whether a connection of one of these accounts is open. */
  hasOpen(accounts: ReadonlySet<string>): boolean {
    const origins = [...this.#connections.values()]
    return origins.some(({ accountId }) => accountId !== null && accounts.has(accountId))
  }

  /** Leaves a connection out of later checkpoints. */
  disconnect(connection: number): void {
    this.#connections.delete(connection)
  }

  /** Goes on in another segment, whose first records say where it comes from and what was known then. */
  beginSegment(segment: number): void {
    // A hole is told in the segment that it lies in.
    if (this.#holeFrom !== null && this.#hasRoom()) this.#endHole()
    this.closeBlock()
    const previous = this.position
    this.#segment = segment
    this.#record = 0
    this.#closedBytes = 0
    this.#head(previous)
    this.#checkpoint()
    this.closeBlock()
  }

  /** What is appended from now on only gets a position. */
  close(): void {
    this.closeBlock()
    this.#isClosed = true
  }

  /** Puts the open block into the queue. */
  closeBlock(): void {
    this.#timer?.cancel()
    this.#timer = null
    if (this.#open === null) return
    const block = this.#open.seal()
    this.#open = null
    this.#closedBytes += block.bytes.byteLength
    this.#options.queue.push(block)
    this.#options.onBlock()
  }

  get #next(): JournalPosition {
    return firstPositionOf(this.#segment) + this.#record
  }

  #head(previous: JournalPosition | null): void {
    const { journal, environment } = this.#options
    const head: SegmentHead = {
      format: FORMAT,
      journal,
      segment: this.#segment,
      previous,
      environment,
    }
    this.#json(RECORD.segment, 0, head)
  }

  /** One record a connection, so that each step of writing and reading it is short. */
  #checkpoint(): void {
    const left = new Map(this.#connections)
    try {
      for (const { connection, state } of this.#options.checkpoint()) {
        const origin = left.get(connection) ?? null
        if (origin === null && connection !== 0) continue
        left.delete(connection)
        this.#json(RECORD.checkpoint, connection, { origin, state })
      }
    } catch (error) {
      this.#options.onDefect(error)
    }
    for (const [connection, origin] of left) {
      this.#json(RECORD.checkpoint, connection, { origin, state: null })
    }
  }

  #json(
    kind: RecordKind,
    connection: number,
    value: object,
    timeUs: number = this.#options.clock.nowUs(),
  ): JournalPosition {
    return this.#append(kind, connection, timeUs, 0, Buffer.from(JSON.stringify(value)))
  }

  #append(
    kind: RecordKind,
    connection: number,
    timeUs: number,
    index: number,
    bytes: Uint8Array,
  ): JournalPosition {
    this.#appended += 1
    if (bytes.byteLength > MAX_RECORD_BYTES || !this.#takes()) return this.#passOver()
    let block = this.#open
    if (block === null || !block.fits(bytes.byteLength, timeUs)) {
      this.closeBlock()
      block = this.#openBlock(bytes.byteLength, timeUs)
    }
    block.add(kind, connection, timeUs, index, bytes)
    this.#record += 1
    return this.position
  }

  #openBlock(bytes: number, timeUs: number): BlockBuilder {
    const { clock, blockDelayMs, pool, segment } = this.#options
    // A block has fewer records than bytes, so its positions stay within the segment.
    if (this.#record >= POSITIONS_A_SEGMENT - BLOCK_BYTES) this.#leaveSegment()
    const block = new BlockBuilder(pool.take(BlockBuilder.bytesFor(bytes)), {
      segment: this.#segment,
      process: segment,
      first: this.#next,
      baseUs: timeUs,
    })
    this.#open = block
    this.#timer = clock.setTimer(() => this.closeBlock(), blockDelayMs)
    return block
  }

  /** While no file could be made for millions of records, positions go on in the next segment's numbers. */
  #leaveSegment(): void {
    this.#segment += 1
    this.#record = 0
  }

  /** Whether the next record goes into the journal. */
  #takes(): boolean {
    if (this.#isClosed) return false
    if (this.#holeFrom === null) return this.#waiting < this.#options.queueBytes
    if (!this.#hasRoom()) return false
    this.#endHole()
    return true
  }

  get #waiting(): number {
    return this.#options.queue.bytes + this.openBytes
  }

  /** Not at once below the bound, so that a slow disk does not make a hole of every second frame. */
  #hasRoom(): boolean {
    return this.#waiting < this.#options.queueBytes / 2
  }

  #endHole(): void {
    const hole = { from: this.#holeFrom, to: this.position }
    this.#holeFrom = null
    this.#json(RECORD.hole, 0, hole)
    this.#options.onHole(false)
  }

  /** Hands out a position whose record is not in the journal. */
  #passOver(): JournalPosition {
    this.closeBlock()
    if (this.#record >= POSITIONS_A_SEGMENT) this.#leaveSegment()
    this.#record += 1
    this.#unwritten += 1
    if (this.#holeFrom === null) {
      this.#holeFrom = this.position
      this.#options.onHole(true)
    }
    return this.position
  }
}
