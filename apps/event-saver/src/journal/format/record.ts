/**
 * A record is a header of 16 bytes, and its own bytes: u32 length (28 bits) and kind (4 bits), u32 connection, i32
 * microseconds after the block's base, u32 index of a frame within its connection. All but frames are JSON.
 */
export const RECORD_HEADER_BYTES = 16

/** The kinds of records. Numbers are in files: they are never used for something else. */
export const RECORD = {
  segment: 0,
  frame: 1,
  checkpoint: 2,
  boot: 3,
  opened: 4,
  note: 5,
  hole: 6,
} as const

/** The number of a kind of records. */
export type RecordKind = (typeof RECORD)[keyof typeof RECORD]

/** How far a record's time may lie from its block's base, in microseconds: what 32 bits hold, with their sign. */
export const MAX_TIME_OFFSET_US: number = 2 ** 31 - 1

/** The first record of each segment. */
export interface SegmentHead {
  /** Version of the format. */
  readonly format: number
  readonly journal: string
  readonly segment: number
  /** The last position that the same process handed out before it; null in a process's first segment. */
  readonly previous: number | null
  readonly environment: string
}

/** The version of the format that is written. */
export const FORMAT = 1
