import { type CaptureGap, CHANNEL_DEFINITIONS, streamKey } from '@grid/core-events'
import type { GapState } from '@grid/db'

/** A gap and the state of its repair. */
export interface RecordedGap {
  readonly gap: CaptureGap
  readonly state: GapState
}

/** Totals of the gaps since the start; `open` are those of every collector that are open now. */
export interface GapTotals {
  readonly open: number
  readonly ignored: number
  readonly unrecoverable: number
  readonly unrecoverableSeconds: number
}

/** How many of the latest gaps are kept in memory. */
const MOST_RECENT = 100
/** Of how many streams the end of the latest gap is kept: options come and go for ever. */
const MOST_STREAMS = 10_000

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
  readonly #coveredUntil = new Map<string, number>()
  #recent: RecordedGap[] = []
  #totals = { open: 0, ignored: 0, unrecoverable: 0, unrecoverableSeconds: 0 }

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

  /** Adds the open gaps that the database holds from before this process, of any collector. */
  addStored(open: number): void {
    this.#totals.open += open
  }

  /** Takes the number of open gaps that the database holds now, of any collector. */
  recount(open: number): void {
    this.#totals.open = Math.max(0, open)
  }

  /** Counts an open gap as closed; one of the latest gets its new state. */
  close(gap?: CaptureGap, state?: GapState): void {
    this.#totals.open = Math.max(0, this.#totals.open - 1)
    if (gap === undefined || state === undefined) return
    this.#recent = this.#recent.map((known) =>
      isSame(known.gap, gap) ? { ...known, state } : known,
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

  /** The length of a gap without what earlier gaps of its stream cover: padded gaps may overlap. */
  #newMs(gap: CaptureGap): number {
    const { startTs, endTs } = gap
    const stream = streamKey(gap)
    const coveredTs = this.#coveredUntil.get(stream) ?? 0
    // Set anew, so that the first of the map is the one whose latest gap is the longest ago.
    this.#coveredUntil.delete(stream)
    this.#coveredUntil.set(stream, Math.max(coveredTs, endTs))
    if (this.#coveredUntil.size > MOST_STREAMS) {
      const [oldest = ''] = this.#coveredUntil.keys()
      this.#coveredUntil.delete(oldest)
    }
    return Math.max(0, endTs - Math.max(startTs, coveredTs))
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
