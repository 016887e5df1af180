import { type Clock, systemClock } from '@grid/core-events'
import type { JournalReader } from './durable-journal.ts'
import type { SegmentName } from './files/file-names.ts'
import type { JournalPosition } from './format/position.ts'
import { FileReader } from './reading/file-reader.ts'
import { NO_TAIL } from './reading/log-tail.ts'

/** What is read of a journal that this process does not write. */
export interface ReadSegmentsOptions {
  readonly directory: string
  /** Items after this position are new, the ones up to it state. Default 0: the oldest segment of the archive. */
  readonly from?: JournalPosition
  readonly clock?: Clock
  /** A segment is damaged (null) or cannot be read. */
  readonly onDamage?: (file: SegmentName, cause: unknown) => void
}

/**
 * Reads the segments of a journal, the archive included, without its lock: its saver may run meanwhile. What that one
 * writes now is read up to the last whole block. The reader is at its tail when it has read all.
 *
 * @example
 * const reader = readSegments({ directory: 'data/journal' })
 * while (!reader.isAtTail) for (const item of await reader.next()) replay(item)
 * await reader.close()
 */
export function readSegments(options: ReadSegmentsOptions): JournalReader {
  const { directory, from = 0, clock = systemClock, onDamage } = options
  return new FileReader({
    directory,
    clock,
    tail: NO_TAIL,
    from,
    readsArchive: true,
    onCorrupt: (file) => onDamage?.(file, null),
    onUnreadable: (file, cause) => onDamage?.(file, cause),
  })
}
