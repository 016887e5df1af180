/** What the repair of market data did since the start. */
export interface RepairTotals {
  /** Streams with a repair under way or waiting. */
  readonly streams: number
  /** Pages that were read from the exchange. */
  readonly pages: number
  /** Times that pages left out what is stored, or differed from each other, and so proved nothing. */
  readonly refused: number
  /** Repairs that failed, and are tried again. */
  readonly failures: number
  /** Missed events that were read and stored. */
  readonly events: number
  /** Gaps by what became of them. */
  readonly filled: number
  readonly partial: number
  /** Gaps of which the exchange's newest events reach no part. */
  readonly outOfReach: number
}

/** The counts of a repair, which the caller raises; `streams` is read when they are asked for. */
export type RepairCounts = {
  -readonly [Name in Exclude<keyof RepairTotals, 'streams'>]: RepairTotals[Name]
}

export function noRepairs(): RepairCounts {
  return { pages: 0, refused: 0, failures: 0, events: 0, filled: 0, partial: 0, outOfReach: 0 }
}
