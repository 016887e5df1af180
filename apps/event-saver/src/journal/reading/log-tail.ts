import type { Block } from '../format/block.ts'
import type { JournalPosition } from '../format/position.ts'

/** What a reader must know of a journal that is written meanwhile. */
export interface LogTail {
  /** The newest position that was handed out. */
  readonly position: JournalPosition
  /** Records up to here are whole in their files; what comes after is in memory. */
  readonly durable: JournalPosition
  /** The segment whose file may still grow; files of lower numbers do not. */
  readonly growing: number
  /** The first block in memory with records after a position; null for none. */
  blockAfter(position: JournalPosition): Block | null
}

/** The tail of a journal that nobody writes: all that there is lies in files. */
export const NO_TAIL: LogTail = {
  position: Number.POSITIVE_INFINITY,
  durable: Number.POSITIVE_INFINITY,
  growing: Number.POSITIVE_INFINITY,
  blockAfter: () => null,
}
