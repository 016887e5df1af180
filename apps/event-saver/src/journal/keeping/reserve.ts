import { randomFillSync } from 'node:crypto'
import { statSync } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'

const PIECE_BYTES = 2 ** 20

/** A file that takes room, to be given to private frames when the disk is full. */
export class Reserve {
  readonly #path: string
  readonly #bytes: number
  #held: number
  #piece: Buffer | null = null
  /** Growing and freeing take turns. */
  #turn: Promise<void> = Promise.resolve()

  constructor(directory: string, bytes: number) {
    this.#path = join(directory, 'reserve')
    this.#bytes = bytes
    this.#held = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0
  }

  /** Whether it takes all of its room. */
  get isWhole(): boolean {
    return this.#held >= this.#bytes
  }

  /** Takes a piece more of its room, so that the disk's other users hardly notice. Rejects when there is none. */
  grow(): Promise<void> {
    return this.#inTurn(async () => {
      const file = await open(this.#path, 'a', 0o600)
      try {
        // Random, as a file system may keep zeros without taking room. Made once: it takes 2 ms and more.
        this.#piece ??= randomFillSync(Buffer.allocUnsafeSlow(PIECE_BYTES))
        const bytes = Math.min(PIECE_BYTES, this.#bytes - this.#held)
        const { bytesWritten } = await file.write(this.#piece, 0, bytes)
        this.#held += bytesWritten
        if (!this.isWhole) return
        this.#piece = null
        await file.datasync()
      } finally {
        await file.close()
      }
    })
  }

  /** Gives the room back. */
  free(): Promise<void> {
    return this.#inTurn(async () => {
      await rm(this.#path, { force: true })
      this.#held = 0
    })
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }
}
