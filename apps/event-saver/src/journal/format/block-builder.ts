import { type Block, HEADER_BYTES, viewOf, writeHeader } from './block.ts'
import type { JournalPosition } from './position.ts'
import { MAX_TIME_OFFSET_US, RECORD_HEADER_BYTES, type RecordKind } from './record.ts'

/** The bytes of a block, unless its only record is longer. */
export const BLOCK_BYTES: number = 128 * 1024

/** A block that records are added to. */
export class BlockBuilder {
  readonly #segment: number
  readonly #process: number
  readonly #first: JournalPosition
  readonly #baseUs: number
  readonly #buffer: Uint8Array
  readonly #view: DataView
  #length = HEADER_BYTES
  #records = 0

  constructor(
    buffer: Uint8Array,
    start: { segment: number; process: number; first: JournalPosition; baseUs: number },
  ) {
    this.#buffer = buffer
    this.#view = viewOf(buffer)
    this.#segment = start.segment
    this.#process = start.process
    this.#first = start.first
    this.#baseUs = start.baseUs
  }

  /** The bytes that a buffer needs for one record of this length. */
  static bytesFor(length: number): number {
    return HEADER_BYTES + RECORD_HEADER_BYTES + length
  }

  get length(): number {
    return this.#length
  }

  /** The buffer, to be used again once the block is durable. */
  get buffer(): Uint8Array {
    return this.#buffer
  }

  /** Whether a record of this length and time has room. */
  fits(length: number, timeUs: number): boolean {
    return (
      this.#length + RECORD_HEADER_BYTES + length <= this.#buffer.byteLength &&
      Math.abs(timeUs - this.#baseUs) <= MAX_TIME_OFFSET_US
    )
  }

  /** Adds a record that fits. */
  add(
    kind: RecordKind,
    connection: number,
    timeUs: number,
    index: number,
    bytes: Uint8Array,
  ): void {
    const view = this.#view
    const at = this.#length
    view.setUint32(at, bytes.byteLength | (kind << 28), true)
    view.setUint32(at + 4, connection, true)
    view.setInt32(at + 8, timeUs - this.#baseUs, true)
    view.setUint32(at + 12, index, true)
    this.#buffer.set(bytes, at + RECORD_HEADER_BYTES)
    this.#length = at + RECORD_HEADER_BYTES + bytes.byteLength
    this.#records += 1
  }

  /** The block as it is now, without a checksum: to be read from memory at once. */
  peek(): Block {
    return {
      segment: this.#segment,
      process: this.#process,
      first: this.#first,
      last: this.#first + this.#records - 1,
      records: this.#records,
      baseUs: this.#baseUs,
      bytes: this.#buffer.subarray(0, this.#length),
    }
  }

  /** The block with its header, to be written. */
  seal(): Block {
    const block = this.peek()
    writeHeader(block.bytes, block)
    return block
  }
}
