import { type CaptureGap, CHANNEL_DEFINITIONS, streamKey } from '@grid/core-events'
import type { GapState } from '@grid/db'
import { CoveredTimes } from './covered-times.ts'

/** A gap and the state of its repair. */
export interface RecordedGap {
  readonly gap: CaptureGap
  readonly state: GapState
}

/** Totals of the gaps since the start; `open` and `partial` are those of every collector that are so now. */
export interface GapTotals {
  readonly open: number
  /** Filled in part: the rest is known to be missing, or not known to be there. */
  readonly partial: number
  readonly ignored: number
  readonly unrecoverable: number
  readonly unrecoverableSeconds: number
}

/** How many of the latest gaps are kept in memory. */
const MOST_RECENT = 100
/** Of how many streams the times of gaps are kept: options come and go for ever. */
const MOST_STREAMS = 10_000

/** How many gaps of every collector are in states that a repair changes. */
export type GapCounts = Pick<GapTotals, 'open' | 'partial'>

/**
 * Decides the state of each gap, counts it and hands it on.
 *
 * A gap of market data that is shorter than the threshold is `ignored`. A gap of a channel whose
 * whole history the exchange keeps is `open` until a repair proves it filled; any other gap is
 * `unrecoverable`.
 */
export class GapRecorder {
  readonly #keep: (gap: RecordedGap, position: number | undefined) => void
  readonly #thresholdMs: number
  readonly #counted = new Map<string, CoveredTimes>()
  #recent: RecordedGap[] = []
  #totals = { open: 0, partial: 0, ignored: 0, unrecoverable: 0, unrecoverableSeconds: 0 }

  /** @param keep is told the gap, and its place in the journal where it was read from there */
  constructor(thresholdMs: number, keep: (gap: RecordedGap, position: number | undefined) => void) {
    this.#thresholdMs = thresholdMs
    this.#keep = keep
  }

  /** Counts since the start. */
  get totals(): GapTotals {
    return { ...this.#totals }
  }

  /** The latest gaps, oldest first, at most 100. */
  get recent(): readonly RecordedGap[] {
    return this.#recent
  }

  /** Adds the gaps that the database holds from before this process, of any collector. */
  addStored({ open, partial }: GapCounts): void {
    this.#totals.open += open
    this.#totals.partial += partial
  }

  /** Takes the numbers of gaps that the database holds now, of any collector. */
  recount({ open, partial }: GapCounts): void {
    this.#totals.open = Math.max(0, open)
    this.#totals.partial = Math.max(0, partial)
  }

  /** Counts a gap whose state a repair has changed; one of the latest gets its new state. */
  change(gap: CaptureGap, from: GapState, to: GapState): void {
    if (from === to) return
    const { open, partial } = this.#totals
    const differenceIn = (state: GapState): number => Number(to === state) - Number(from === state)
    this.recount({
      open: open + differenceIn('open'),
      partial: partial + differenceIn('partial'),
    })
    this.#recent = this.#recent.map((known) =>
      isSame(known.gap, gap) ? { ...known, state: to } : known,
    )
  }

  /** Takes a gap; `position` is its place in the journal where it was read from there. */
  record(gap: CaptureGap, position?: number): void {
    const state = this.#stateOf(gap)
    this.#totals[state] += 1
    if (state === 'unrecoverable') {
      this.#totals.unrecoverableSeconds += this.#newMs(gap) / 1000
    }
    this.#recent = [...this.#recent, { gap, state }].slice(-MOST_RECENT)
    this.#keep({ gap, state }, position)
  }

  /** The length of a gap without what other gaps of its stream cover: padded gaps may overlap. */
  #newMs({ startTs, endTs, ...gap }: CaptureGap): number {
    const stream = streamKey(gap)
    const counted = this.#counted.get(stream) ?? new CoveredTimes()
    // Set anew, so that the first of the map is the one whose latest gap is the longest ago.
    this.#counted.delete(stream)
    this.#counted.set(stream, counted)
    if (this.#counted.size > MOST_STREAMS) {
      const [oldest = ''] = this.#counted.keys()
      this.#counted.delete(oldest)
    }
    return counted.add(startTs, endTs)
  }

  #stateOf(gap: CaptureGap): 'open' | 'ignored' | 'unrecoverable' {
    const isShort = gap.endTs - gap.startTs < this.#thresholdMs
    if (isShort && !('accountId' in gap)) return 'ignored'
    return CHANNEL_DEFINITIONS[gap.channel].history === 'all' ? 'open' : 'unrecoverable'
  }
}

function isSame(a: CaptureGap, b: CaptureGap): boolean {
  const isOneTime = a.startTs === b.startTs && a.endTs === b.endTs && a.reason === b.reason
  return isOneTime && streamKey(a) === streamKey(b)
}
