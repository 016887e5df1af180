import type { JournalOptions } from './durable-journal.ts'

/** The options of a journal that have defaults, but for what is left free of the disk, which depends on its size. */
export type JournalBounds = Required<
  Omit<
    JournalOptions,
    'directory' | 'clock' | 'environment' | 'onFault' | 'checkpoint' | 'minFreeBytes'
  >
>

const MIB = 2 ** 20
const GB = 1_000_000_000

const DEFAULTS: JournalBounds = {
  syncIntervalMs: 100,
  blockDelayMs: 20,
  segmentBytes: 64 * MIB,
  segmentAgeMs: 600_000,
  segmentRecords: 2 ** 23,
  queueBytes: 32 * MIB,
  maxBytes: 20 * GB,
  reserveBytes: 64 * MIB,
  retentionMs: 3_600_000,
  packs: true,
  keepsArchive: false,
  setAsideBytes: GB,
}

/** The bounds that some options ask for. */
export function boundsOf(options: Partial<JournalBounds>): JournalBounds {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return { ...DEFAULTS, ...Object.fromEntries(given) }
}

/** What is left free of a file system of so many bytes, unless the options say: 1 GB or 5 %, whichever is less. */
export function minFreeOf(given: number | undefined, diskBytes: number): number {
  return given ?? Math.min(GB, diskBytes / 20)
}
