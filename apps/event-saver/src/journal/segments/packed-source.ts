import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'
import { BLOCKS, type Block } from '../format/block.ts'
import { CHUNKS, type Chunk } from '../format/chunk.ts'
import { findPiece } from '../format/scan.ts'
import { FileWindow } from './file-window.ts'
import type { SegmentSource } from './segment-source.ts'

/** Reads a segment that was packed. */
export class PackedSource implements SegmentSource {
  readonly #window: FileWindow
  /** Blocks of the present chunk that were not given yet. */
  #blocks: Uint8Array = new Uint8Array(0)
  /** Where the last whole chunk ended. */
  #goodEnd = 0
  #damages = 0

  private constructor(window: FileWindow) {
    this.#window = window
  }

  static async open(path: string): Promise<PackedSource> {
    return new PackedSource(await FileWindow.open(path))
  }

  get damages(): number {
    return this.#damages
  }

  async next(): Promise<Block | null> {
    for (;;) {
      const found = findPiece(this.#blocks, BLOCKS, true)
      if (found?.piece) {
        if (found.start > 0) this.#damages += 1
        this.#blocks = this.#blocks.subarray(found.end)
        return found.piece
      }
      if (this.#blocks.byteLength > 0) this.#damages += 1
      this.#blocks = new Uint8Array(0)
      const chunk = await this.#nextChunk()
      if (chunk === null) return null
      this.#blocks = await this.#unpack(chunk)
    }
  }

  /** Does nothing: a packed segment does not grow. */
  refresh(): void {}

  close(): Promise<void> {
    return this.#window.close()
  }

  async #nextChunk(): Promise<Chunk | null> {
    const window = this.#window
    for (;;) {
      const found = findPiece(window.bytes, CHUNKS, window.isAll)
      if (found === null) {
        if (window.bytes.byteLength > 0) this.#damages += 1
        window.drop(window.bytes.byteLength)
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

  async #unpack(chunk: Chunk): Promise<Uint8Array> {
    try {
      // In one piece: the usual pieces of 16 kB take three times as long.
      const { packed, rawBytes } = chunk
      const options = { maxOutputLength: rawBytes, chunkSize: rawBytes }
      return await promisify(zstdDecompress)(packed, options)
    } catch {
      this.#damages += 1
      return new Uint8Array(0)
    }
  }
}
