import type { Frame, PrivateFrame } from '@grid/bybit-adapter'

/** A record's place in the journal: counts up by one a frame. */
export type JournalPosition = number

/**
 * The append-only log of frames, written before they are understood.
 *
 * What is appended stays until it is released, that is, until every event made of it is settled.
 */
export interface Journal {
  /** Bytes of frames that are not yet released. */
  readonly bytes: number
  /** The place of the newest record; 0 before the first. */
  readonly position: JournalPosition
  append(frame: Frame | PrivateFrame): JournalPosition
  /** Everything up to and including this place is settled. */
  release(position: JournalPosition): void
}

/** Frames that are accounted for together. */
const BLOCK_FRAMES = 256

interface Block {
  /** Place of its newest record. */
  last: JournalPosition
  bytes: number
  frames: number
}

/**
 * A journal that holds nothing beyond the process: what waits is kept by the writers' queues alone,
 * so a crash loses it. It accounts, in blocks of frames, for what a durable one would have to hold.
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
