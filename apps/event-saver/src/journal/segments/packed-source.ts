import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'
import { BLOCKS, type Block } from '../format/block.ts'
import { CHUNKS, type Chunk } from '../format/chunk.ts'
import { findPiece } from '../format/scan.ts'
import { PieceReader } from './piece-reader.ts'
import type { SegmentSource } from './segment-source.ts'

/** Reads a segment that was packed. */
export class PackedSource implements SegmentSource {
  readonly #chunks: PieceReader<Chunk>
  /** Blocks of the present chunk that were not given yet. */
  #blocks: Uint8Array = new Uint8Array(0)
  /** Damaged places within chunks. */
  #damages = 0

  private constructor(chunks: PieceReader<Chunk>) {
    this.#chunks = chunks
  }

  static async open(path: string): Promise<PackedSource> {
    return new PackedSource(await PieceReader.open(path, CHUNKS))
  }

  get damages(): number {
    return this.#chunks.damages + this.#damages
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
      const chunk = await this.#chunks.next()
      if (chunk === null) return null
      this.#blocks = await this.#unpack(chunk)
    }
  }

  /** Does nothing: a packed segment does not grow. */
  refresh(): void {}

  close(): Promise<void> {
    return this.#chunks.close()
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
