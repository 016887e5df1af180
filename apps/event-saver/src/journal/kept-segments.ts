import { stat } from 'node:fs/promises'
import { listSegments, type SegmentName, segmentPath } from './files/file-names.ts'
import { openSource } from './segments/open-source.ts'

/** A segment that is kept, in the archive or not. */
export interface KeptSegment {
  readonly number: number
  readonly bytes: number
  /** About when it begins, in epoch microseconds; null where that cannot be read. */
  readonly startUs: number | null
}

/**
 * Lists the segments of a journal that this process need not write, in their order. Rejects with errors of the file
 * system when there is no such directory.
 *
 * @example
 * const [oldest] = await keptSegments('data/journal')
 */
export async function keptSegments(directory: string): Promise<readonly KeptSegment[]> {
  const segments = new Map<number, KeptSegment>()
  for (const name of await listSegments(directory)) {
    if (segments.has(name.number)) continue
    const segment = await look(directory, name)
    if (segment !== null) segments.set(name.number, segment)
  }
  return [...segments.values()]
}

/** Null when it is gone meanwhile: packed, archived or released. */
async function look(directory: string, name: SegmentName): Promise<KeptSegment | null> {
  try {
    const { size } = await stat(segmentPath(directory, name))
    const source = await openSource(directory, name)
    try {
      const first = await source.next()
      return { number: name.number, bytes: size, startUs: first?.baseUs ?? null }
    } finally {
      await source.close()
    }
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return null
    return { number: name.number, bytes: 0, startUs: null }
  }
}
