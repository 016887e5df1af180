import { BLOCKS, type Block } from '../format/block.ts'
import { findPiece } from '../format/scan.ts'
import { FileWindow } from './file-window.ts'
import type { SegmentSource } from './segment-source.ts'

/** Reads a segment as it was written. */
export class RawSource implements SegmentSource {
  readonly #window: FileWindow
  /** Where the last whole block ended. */
  #goodEnd = 0
  #damages = 0

  private constructor(window: FileWindow) {
    this.#window = window
  }

  static async open(path: string): Promise<RawSource> {
    return new RawSource(await FileWindow.open(path))
  }

  get damages(): number {
    return this.#damages
  }

  async next(): Promise<Block | null> {
    const window = this.#window
    for (;;) {
      const found = findPiece(window.bytes, BLOCKS, window.isAll)
      if (found === null) {
        if (window.bytes.byteLength > 0) this.#damages += 1
        return null
      }
      if (found.piece === null) {
        window.drop(found.start)
        await window.fill(found.needed)
        continue
      }
      if (window.offset + found.start > this.#goodEnd) this.#damages += 1
      window.drop(found.end)
      this.#goodEnd = window.offset
      return found.piece
    }
  }

  refresh(): void {
    this.#window.seek(this.#goodEnd)
  }

  close(): Promise<void> {
    return this.#window.close()
  }
}
