import { type FileHandle, open } from 'node:fs/promises'

/** How much is read at once, in bytes. */
const READ_BYTES = 2 ** 20

/** A part of a file in memory, which moves towards the file's end. */
export class FileWindow {
  readonly #handle: FileHandle
  /** Where `bytes` ends within the file. */
  #end = 0
  #bytes: Uint8Array = new Uint8Array(0)
  #isAll = false

  private constructor(handle: FileHandle) {
    this.#handle = handle
  }

  /** Rejects with errors of the file system. */
  static async open(path: string): Promise<FileWindow> {
    return new FileWindow(await open(path, 'r'))
  }

  get bytes(): Uint8Array {
    return this.#bytes
  }

  /** Whether the file ended with `bytes` when it was read last. */
  get isAll(): boolean {
    return this.#isAll
  }

  /** Where `bytes` begins within the file. */
  get offset(): number {
    return this.#end - this.#bytes.byteLength
  }

  /** Forgets the first bytes. */
  drop(count: number): void {
    this.#bytes = this.#bytes.subarray(count)
  }

  /** Goes to a place in the file, and forgets what was read. */
  seek(offset: number): void {
    this.#end = offset
    this.#bytes = new Uint8Array(0)
    this.#isAll = false
  }

  /** Reads on until there are so many bytes, or all. The bytes before keep their place in memory. */
  async fill(needed: number): Promise<void> {
    const kept = this.#bytes
    // A new buffer each time, because frames that were given are views of the old one.
    const buffer = Buffer.allocUnsafeSlow(Math.max(needed, kept.byteLength) + READ_BYTES)
    buffer.set(kept)
    let length = kept.byteLength
    while (length < needed || length === kept.byteLength) {
      const room = buffer.byteLength - length
      const { bytesRead } = await this.#handle.read(buffer, length, room, this.#end)
      if (bytesRead === 0) {
        this.#isAll = true
        break
      }
      length += bytesRead
      this.#end += bytesRead
    }
    this.#bytes = buffer.subarray(0, length)
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}
