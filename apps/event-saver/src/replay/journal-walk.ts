import type { PrivateFilter } from '@grid/bybit-adapter'
import { CommandError, EXIT } from '../exit-code.ts'
import type { JournalOrigin } from '../journal/format/items.ts'
import { firstPositionOf, type JournalPosition, segmentOf } from '../journal/format/position.ts'
import type { KeptSegment } from '../journal/kept-segments.ts'
import { readSegments } from '../journal/read-segments.ts'
import type { ReadFrame } from '../pipeline/recovery/catch-up.ts'
import { JournalReplay } from '../pipeline/recovery/journal-replay.ts'

/** A frame as today's mapping reads it. */
export interface WalkedFrame extends ReadFrame {
  readonly position: JournalPosition
  /** Whether it was read with all that was remembered when it came. */
  readonly isSure: boolean
  readonly origin: JournalOrigin | null
}

/** What a walk reads. */
export interface WalkOptions {
  readonly directory: string
  readonly segments: readonly KeptSegment[]
  readonly environment: string
  readonly filter: PrivateFilter | undefined
  readonly signal: AbortSignal
  /** Told of each segment that was read, by its place among them. */
  readonly onSegment: (place: number) => void
}

/** What a walk found. */
export interface WalkReport {
  readonly frames: number
  /** Stretches of records that cannot be read. */
  readonly holes: number
}

/** Reads segments, which may be those of a saver that runs, and gives their frames in order. */
export async function walk(
  { directory, environment, filter, onSegment, segments, signal }: WalkOptions,
  take: (frame: WalkedFrame) => Promise<void> | null,
): Promise<WalkReport> {
  const [first, last] = [segments[0], segments.at(-1)]
  if (first === undefined || last === undefined) return { frames: 0, holes: 0 }
  const reader = readSegments({ directory, from: firstPositionOf(first.number) })
  const replay = new JournalReplay({ filter })
  let frames = 0
  let holes = 0
  let place = 0
  try {
    while (!reader.isAtTail) {
      signal.throwIfAborted()
      const items = await reader.next()
      for (const item of items) {
        const segment = segmentOf(item.position)
        if (segment > last.number) return { frames, holes }
        for (; (segments[place]?.number ?? segment) < segment; place++) onSegment(place)
        if (item.kind === 'hole' && !item.isState) holes += 1
        if (item.kind === 'boot') assertOf(environment, item.environment)
        const frame = replay.read(item)
        if (frame === null || frame.lost === 'all' || item.isState) continue
        frames += 1
        const { position } = item
        // Awaited only where there is something to wait for: a walk is millions of frames.
        const taken = take({ ...frame, position, isSure: replay.isSure, origin: replay.origin })
        if (taken !== null) await taken
      }
    }
    return { frames, holes }
  } finally {
    for (; place < segments.length && !signal.aborted; place++) onSegment(place)
    await reader.close()
  }
}

/** Of a boot that is damaged nothing is known: its frames are what they say they are. */
function assertOf(environment: string, found: string): void {
  if (found === '' || found === environment) return
  const message = `EVENTSAVER_DATA_DIR: its journal holds frames of ${found}, and this is ${environment}; name another folder, or replay them with the settings of before`
  throw new CommandError(EXIT.configuration, 'JOURNAL_OF_OTHERS', message)
}
