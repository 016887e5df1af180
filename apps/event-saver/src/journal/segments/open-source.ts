import { type SegmentName, segmentPath } from '../files/file-names.ts'
import { PackedSource } from './packed-source.ts'
import { openRaw } from './raw-source.ts'
import type { SegmentSource } from './segment-source.ts'

/** Opens a segment's file for reading. Rejects with errors of the file system. */
export function openSource(directory: string, name: SegmentName): Promise<SegmentSource> {
  const path = segmentPath(directory, name)
  return name.form === 'log' ? openRaw(path) : PackedSource.open(path)
}
