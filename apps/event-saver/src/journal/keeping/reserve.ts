import { randomFillSync } from 'node:crypto'
import { open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

const PIECE_BYTES = 2 ** 20

/** A file that takes room, to be given to private frames when the disk is full. */
export class Reserve {
  readonly #path: string
  readonly #bytes: number
  #held = 0

  constructor(directory: string, bytes: number) {
    this.#path = join(directory, 'reserve')
    this.#bytes = bytes
  }

  /** Whether it takes all of its room. */
  get isWhole(): boolean {
    return this.#held >= this.#bytes
  }

  /** Takes one piece more of its room, so that the disk's other users hardly notice. Rejects when the disk does not give it. */
  async grow(): Promise<void> {
    if (this.#held === 0) {
      this.#held = await stat(this.#path).then(
        ({ size }) => size,
        () => 0,
      )
      if (this.isWhole) return
    }
    const file = await open(this.#path, 'a', 0o600)
    try {
      // Random, as a file system may keep zeros without taking room.
      const piece = randomFillSync(
        Buffer.allocUnsafe(Math.min(PIECE_BYTES, this.#bytes - this.#held)),
      )
      const { bytesWritten } = await file.write(piece)
      this.#held += bytesWritten
      if (this.isWhole) await file.datasync()
    } finally {
      await file.close()
    }
  }

  /** Gives the room back. */
  async free(): Promise<void> {
    this.#held = 0
    await rm(this.#path, { force: true })
  }
}
