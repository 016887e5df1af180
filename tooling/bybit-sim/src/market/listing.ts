import type { WireRow } from '../base/wire-row.ts'

/** The states of an instrument from its first appearance to its end. */
export const INSTRUMENT_STATUSES = [
  'PreLaunch',
  'PendingOpen',
  'Trading',
  'Delivering',
  'Closed',
] as const

export type InstrumentStatus = (typeof INSTRUMENT_STATUSES)[number]

/** The phases of a pre-market contract. */
export const AUCTION_PHASES = [
  'NotStarted',
  'CallAuction',
  'CallAuctionNoCancel',
  'CrossMatching',
  'ContinuousTrading',
  'Finished',
] as const

export type AuctionPhase = (typeof AUCTION_PHASES)[number]

/** How a pre-market contract comes to the market. */
export interface PreListing {
  readonly phase: AuctionPhase
  readonly skipCallAuction: boolean
  /** Times in epoch milliseconds; the end of the last phase is open. */
  readonly phases: readonly {
    readonly phase: AuctionPhase
    readonly startTime: number
    readonly endTime: number | null
  }[]
}

const MINUTE_MS = 60_000

/** How long the phases last; the documentation's example has these lengths. */
const PHASE_MINUTES: readonly (readonly [AuctionPhase, number])[] = [
  ['CallAuction', 50],
  ['CallAuctionNoCancel', 5],
  ['CrossMatching', 5],
]

/** The phases of a pre-market contract whose current phase begins now. */
export function preListingAt(
  phase: AuctionPhase,
  nowMs: number,
  skipCallAuction: boolean,
): PreListing {
  const timed = skipCallAuction ? [] : PHASE_MINUTES
  const phases: PreListing['phases'][number][] = []
  let startTime = nowMs - minutesBefore(phase, timed) * MINUTE_MS
  for (const [name, minutes] of timed) {
    const endTime = startTime + minutes * MINUTE_MS
    phases.push({ phase: name, startTime, endTime })
    startTime = endTime
  }
  const endTime = phase === 'Finished' ? nowMs : null
  phases.push({ phase: 'ContinuousTrading', startTime, endTime })
  return { phase, skipCallAuction, phases }
}

/** How long the auction has been going on; it begins an hour after `NotStarted`. */
function minutesBefore(phase: AuctionPhase, timed: typeof PHASE_MINUTES): number {
  if (phase === 'NotStarted') return -60
  const index = timed.findIndex(([name]) => name === phase)
  const before = index === -1 ? timed : timed.slice(0, index)
  return before.reduce((sum, [, minutes]) => sum + minutes, 0)
}

/** What the exchange lists of an instrument, apart from its grid. */
export class Listing {
  status: InstrumentStatus = 'Trading'
  /** Null for all but pre-market contracts. */
  preListing: PreListing | null = null
  /** Keys of its row in `instruments-info` that were changed by hand. */
  changes: WireRow = {}

  /** Whether its topics can be subscribed to. */
  get isListed(): boolean {
    return this.hasTicker || this.status === 'PendingOpen'
  }

  /** Whether its ticker moves: also before a pre-market contract trades. */
  get hasTicker(): boolean {
    return this.status === 'Trading' || this.status === 'PreLaunch'
  }

  /** Whether it has trades and a book. */
  get isTrading(): boolean {
    if (this.status !== 'PreLaunch') return this.status === 'Trading'
    return this.preListing?.phase === 'ContinuousTrading'
  }
}

/** Changes a row key by key; objects in it likewise. */
export function changedRow(row: WireRow, changes: WireRow): WireRow {
  const changed = Object.entries(changes).map(([key, value]) => {
    const before = row[key]
    return [key, isRow(before) && isRow(value) ? changedRow(before, value) : value] as const
  })
  return { ...row, ...Object.fromEntries(changed) }
}

function isRow(value: unknown): value is WireRow {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
