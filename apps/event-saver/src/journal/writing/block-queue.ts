import type { Block } from '../format/block.ts'
import type { JournalPosition } from '../format/position.ts'

/**
 * The blocks that no sync covers yet, oldest first: those that are written, those in the present write, those that
 * wait. They stay in memory, so that they can be written again after an error.
 */
export class BlockQueue {
  #blocks: Block[] = []
  #written = 0
  #inWrite = 0
  #bytes = 0

  /** Bytes of all of them. */
  get bytes(): number {
    return this.#bytes
  }

  get isEmpty(): boolean {
    return this.#blocks.length === 0
  }

  get oldest(): Block | null {
    return this.#blocks[0] ?? null
  }

  /** How many are written. */
  get written(): number {
    return this.#written
  }

  push(block: Block): void {
    this.#blocks.push(block)
    this.#bytes += block.bytes.byteLength
  }

  /** Takes the blocks of segments before `end` for a write, up to a number and some bytes. */
  startWrite(end: number, maxBlocks: number, maxBytes: number): readonly Block[] {
    const from = this.#written
    let to = from
    let bytes = 0
    for (; to < this.#blocks.length && to - from < maxBlocks && bytes < maxBytes; to++) {
      const block = this.#blocks[to]
      if (block === undefined || block.segment >= end) break
      bytes += block.bytes.byteLength
    }
    this.#inWrite = to - from
    return this.#blocks.slice(from, to)
  }

  endWrite(): void {
    this.#written += this.#inWrite
    this.#inWrite = 0
  }

  /** Removes and gives the oldest `count` blocks, which a sync covers now. */
  cover(count: number): readonly Block[] {
    const covered = this.#blocks.splice(0, count)
    this.#written -= covered.length
    for (const block of covered) this.#bytes -= block.bytes.byteLength
    return covered
  }

  /** After an error: all wait to be written again. */
  rewind(): void {
    this.#written = 0
    this.#inWrite = 0
  }

  /** The first block with records after a position. */
  after(position: JournalPosition): Block | null {
    // Mostly one of the last: whoever reads here is close to the tail.
    const at = this.#blocks.findLastIndex((block) => block.last <= position)
    return this.#blocks[at + 1] ?? null
  }
}
