import type { Block } from '../format/block.ts'

/** Reads the blocks of one segment's file in order. */
export interface SegmentSource {
  /** How many damaged places it has passed over so far. */
  readonly damages: number
  /**
   * The next whole block; null at the end. Of a file that grows it may be asked again. Bytes that are no block are
   * passed over up to the next one. Rejects with errors of the file system.
   */
  next(): Promise<Block | null>
  /** Forgets what was read ahead of the last block that was given: the file may have grown meanwhile. */
  refresh(): void
  close(): Promise<void>
}
