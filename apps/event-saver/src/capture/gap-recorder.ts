import type { Gap } from '@grid/core-events'
import type { Arrival } from '../writer/waiting-room.ts'

/** What the ledger of gaps says of a gap. */
export type GapState = 'open' | 'ignored' | 'unrecoverable'

/** A gap with what is known of its repair. */
export interface RecordedGap {
  readonly gap: Gap
  readonly state: GapState
}

/** Where recorded gaps are kept. */
export interface GapSink {
  add(gap: RecordedGap, arrival: Arrival): boolean
}

/** Totals of the gaps since the start. */
export interface GapTotals {
  readonly open: number
  readonly ignored: number
  readonly unrecoverable: number
  readonly unrecoverableSeconds: number
}

/**
 * Decides what each gap is worth and hands it to the sink.
 *
 * Gaps shorter than the threshold are `ignored`; ticker gaps are `unrecoverable`, because the
 * exchange keeps no history of tickers; all others are `open` until a repair proves them filled.
 */
export class GapRecorder {
  readonly #sink: GapSink
  readonly #thresholdMs: number
  #recent: RecordedGap[] = []
  #totals = { open: 0, ignored: 0, unrecoverable: 0, unrecoverableSeconds: 0 }

  constructor(sink: GapSink, thresholdMs: number) {
    this.#sink = sink
    this.#thresholdMs = thresholdMs
  }

  /** Counts since the start. */
  get totals(): GapTotals {
    return { ...this.#totals }
  }

  /** The latest gaps, oldest first, at most 100. */
  get recent(): readonly RecordedGap[] {
    return this.#recent
  }

  /** Records a gap; false when the sink has no room for it. */
  record(gap: Gap, arrival: Arrival): boolean {
    const recorded = { gap, state: this.#stateOf(gap) }
    this.#totals[recorded.state] += 1
    if (recorded.state === 'unrecoverable') {
      this.#totals.unrecoverableSeconds += (gap.endTs - gap.startTs) / 1000
    }
    this.#recent = [...this.#recent, recorded].slice(-100)
    return this.#sink.add(recorded, arrival)
  }

  #stateOf(gap: Gap): GapState {
    if (gap.endTs - gap.startTs < this.#thresholdMs) return 'ignored'
    return gap.channel === 'ticker' ? 'unrecoverable' : 'open'
  }
}
