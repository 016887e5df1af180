import type { DurableJournal, JournalFrame } from './durable-journal.ts'
import type { JournalPosition } from './format/position.ts'

/** What is needed of a journal to write it: frames are appended before they are normalized. */
export type Journal = Pick<
  DurableJournal,
  'accepts' | 'append' | 'bytes' | 'connect' | 'counts' | 'note' | 'position' | 'release' | 'state'
>

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
  readonly state = 'running'
  readonly counts = { appended: 0, unwritten: 0, corruptBlocks: 0 }
  #connections = 0
  #bytes = 0
  #blocks: Block[] = []

  get bytes(): number {
    return this.#bytes
  }

  get position(): JournalPosition {
    return this.counts.appended
  }

  accepts(): boolean {
    return true
  }

  connect(): number {
    this.#connections += 1
    return this.#connections
  }

  append(_connection: number, { bytes: { byteLength } }: Pick<JournalFrame, 'bytes'>): number {
    const position = this.note()
    this.#bytes += byteLength
    const block = this.#blocks.at(-1)
    if (block === undefined || block.frames >= BLOCK_FRAMES) {
      this.#blocks.push({ last: position, bytes: byteLength, frames: 1 })
    } else {
      block.last = position
      block.bytes += byteLength
      block.frames += 1
    }
    return position
  }

  note(): JournalPosition {
    this.counts.appended += 1
    this.counts.unwritten += 1
    return this.counts.appended
  }

  /** Nothing is on a disk. */
  close(): Promise<void> {
    return Promise.resolve()
  }

  release(position: JournalPosition): void {
    const kept = this.#blocks.findIndex((block) => block.last > position)
    const released = this.#blocks.splice(0, kept === -1 ? this.#blocks.length : kept)
    for (const block of released) this.#bytes -= block.bytes
  }
}
