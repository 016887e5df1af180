import { BLOCK_BYTES } from '../format/block-builder.ts'

/** How many buffers are kept for later blocks: 8 MB. */
const MAX_KEPT = 64

/** Buffers of the usual size of a block, used again and again. */
export class BufferPool {
  readonly #free: Uint8Array[] = []

  /** A buffer of at least so many bytes. */
  take(bytes: number): Uint8Array {
    if (bytes > BLOCK_BYTES) return Buffer.allocUnsafeSlow(bytes)
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES)
  }

  /** Takes back the buffer under a view that nobody needs any more. */
  give(view: Uint8Array): void {
    if (view.buffer.byteLength !== BLOCK_BYTES || this.#free.length >= MAX_KEPT) return
    this.#free.push(Buffer.from(view.buffer))
  }
}
