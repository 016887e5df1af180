import { BLOCKS, type Block } from '../format/block.ts'
import { PieceReader } from './piece-reader.ts'
import type { SegmentSource } from './segment-source.ts'

/** Opens a segment as it was written: its pieces are blocks. */
export function openRaw(path: string): Promise<SegmentSource> {
  return PieceReader.open<Block>(path, BLOCKS)
}
