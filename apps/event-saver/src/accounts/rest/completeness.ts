/**
 * How much of what happened is known from what the exchange told.
 *
 * - `whole`: all of it was asked for and told, and nothing contradicts that
 * - `doubtful`: the exchange told less than it told before, or than is stored; it may tell more later
 * - `part`: some of it was not asked for, was refused, cannot be read, or is too old
 */
export type Completeness = 'whole' | 'doubtful' | 'part'

const RANKS = { whole: 0, doubtful: 1, part: 2 } as const satisfies Record<Completeness, number>

/** The completeness of several parts together. */
export function together(...parts: readonly Completeness[]): Completeness {
  return parts.reduce((worst, part) => (RANKS[part] > RANKS[worst] ? part : worst), 'whole')
}
