import type { Frame, PrivateFrame } from '@grid/bybit-adapter'

/** A record's place in the journal: the number of the frame, from 1. */
export type JournalPosition = number

/**
 * The append-only log of frames, written before they are normalized.
 *
 * A frame stays until it is released: once all that was made of it is stored or counted.
 */
export interface Journal {
  /** Bytes of frames that are not yet released. */
  readonly bytes: number
  /** The place of the newest frame; 0 before the first. */
  readonly position: JournalPosition
  append(frame: Frame | PrivateFrame): JournalPosition
  /** Releases all frames up to and including this place. */
  release(position: JournalPosition): void
}

/** Frames whose bytes are counted as one block. */
const BLOCK_FRAMES = 256

interface Block {
  /** Place of its newest frame. */
  last: JournalPosition
  bytes: number
  frames: number
}

/**
 * A journal that keeps no frames: items that wait are in the writers' queues alone, so that a crash
 * loses them. It counts, in blocks of frames, the bytes that a durable journal would have to keep.
 */
export class MemoryJournal implements Journal {
  #position = 0
  #bytes = 0
  #blocks: Block[] = []

  get bytes(): number {
    return this.#bytes
  }

  get position(): JournalPosition {
    return this.#position
  }

  append(frame: Frame | PrivateFrame): JournalPosition {
    this.#position += 1
    this.#bytes += frame.bytes.byteLength
    const block = this.#blocks.at(-1)
    if (block === undefined || block.frames >= BLOCK_FRAMES) {
      this.#blocks.push({ last: this.#position, bytes: frame.bytes.byteLength, frames: 1 })
    } else {
      block.last = this.#position
      block.bytes += frame.bytes.byteLength
      block.frames += 1
    }
    return this.#position
  }

  release(position: JournalPosition): void {
    const kept = this.#blocks.findIndex((block) => block.last > position)
    const released = this.#blocks.splice(0, kept === -1 ? this.#blocks.length : kept)
    for (const block of released) this.#bytes -= block.bytes
  }
}
