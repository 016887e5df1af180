/**
 * A record's place in the journal: segment number × 2^24 + the record's number within the segment.
 *
 * Later records have greater positions. Positions are never handed out twice, whatever a crash tears off,
 * because every process begins a segment of its own. They stay below 2^53. 0 is before the first record.
 */
export type JournalPosition = number

/** Positions that one segment may use. */
export const POSITIONS_A_SEGMENT: number = 2 ** 24

/** The number of the segment that a position lies in. */
export function segmentOf(position: JournalPosition): number {
  return Math.floor(position / POSITIONS_A_SEGMENT)
}

/** The position of a segment's first record. */
export function firstPositionOf(segment: number): JournalPosition {
  return segment * POSITIONS_A_SEGMENT
}
