import { type Framing, findPiece } from '../format/scan.ts'
import { FileWindow } from './file-window.ts'

/** Reads the whole pieces of a file in order, and passes over what is none. */
export class PieceReader<Piece> {
  readonly #window: FileWindow
  readonly #framing: Framing<Piece>
  /** Where the last whole piece ended. */
  #goodEnd = 0
  #damages = 0

  private constructor(window: FileWindow, framing: Framing<Piece>) {
    this.#window = window
    this.#framing = framing
  }

  /** Rejects with errors of the file system. */
  static async open<Piece>(path: string, framing: Framing<Piece>): Promise<PieceReader<Piece>> {
    return new PieceReader(await FileWindow.open(path), framing)
  }

  /** How many damaged places it has passed over so far. */
  get damages(): number {
    return this.#damages
  }

  /** The next whole piece; null at the end. */
  async next(): Promise<Piece | null> {
    const window = this.#window
    for (;;) {
      const found = findPiece(window.bytes, this.#framing, window.isAll)
      if (found === null) {
        if (window.bytes.byteLength > 0) this.#damages += 1
        window.drop(window.bytes.byteLength)
        return null
      }
      if ('needed' in found) {
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

  /** Forgets what was read ahead of the last piece: the file may have grown meanwhile. */
  refresh(): void {
    this.#window.seek(this.#goodEnd)
  }

  close(): Promise<void> {
    return this.#window.close()
  }
}
