import type { Frame } from '@grid/bybit-adapter'

/** A record's place in the journal: counts up by one a frame. */
export type JournalPosition = number

/**
 * The append-only log of frames, written before they are understood.
 *
 * What is appended stays until it is released, that is, until every event made of it is settled.
 */
export interface Journal {
  /** Whether another frame can be written. */
  readonly accepting: boolean
  /** Bytes of frames that are not yet released. */
  readonly bytes: number
  /** The place of the newest record; 0 before the first. */
  readonly position: JournalPosition
  append(frame: Frame): JournalPosition
  /** Everything up to and including this place is settled. */
  release(position: JournalPosition): void
}

/**
 * A journal that holds nothing beyond the process: what waits is kept by the writers' queues alone,
 * so a crash loses it. It accounts for the bytes that a durable journal would still have to hold.
 */
export class MemoryJournal implements Journal {
  readonly accepting = true
  #position = 0
  #bytes = 0
  /** Sizes of the records after `#released`, oldest first, from `#head` on. */
  #sizes: number[] = []
  #head = 0
  #released = 0

  get bytes(): number {
    return this.#bytes
  }

  get position(): JournalPosition {
    return this.#position
  }

  append(frame: Frame): JournalPosition {
    this.#bytes += frame.bytes.byteLength
    this.#sizes.push(frame.bytes.byteLength)
    this.#position += 1
    return this.#position
  }

  release(position: JournalPosition): void {
    while (this.#released < position && this.#head < this.#sizes.length) {
      this.#bytes -= this.#sizes[this.#head] ?? 0
      this.#head += 1
      this.#released += 1
    }
    if (this.#head > 1024 && this.#head * 2 > this.#sizes.length) {
      this.#sizes = this.#sizes.slice(this.#head)
      this.#head = 0
    }
  }
}
