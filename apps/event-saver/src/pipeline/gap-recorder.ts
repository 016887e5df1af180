import type { CaptureGap, Channel } from '@grid/core-events'
import type { GapState } from '@grid/db'
import { streamKey } from './stream-name.ts'

/** A gap with what is known of its repair. */
export interface RecordedGap {
  readonly gap: CaptureGap
  readonly state: GapState
}

/** Totals of the gaps since the start; `open` together with what was open before. */
export interface GapTotals {
  readonly open: number
  readonly ignored: number
  readonly unrecoverable: number
  readonly unrecoverableSeconds: number
}

/** Channels of which the exchange keeps no history: what was missed of them cannot be had. */
const WITHOUT_HISTORY: ReadonlySet<Channel> = new Set(['ticker', 'position', 'wallet'])

/**
 * Decides what each gap is worth and hands it on.
 *
 * Gaps of market data that are shorter than the threshold are `ignored`; those of channels without
 * history are `unrecoverable`; all others are `open` until a repair proves them filled.
 */
export class GapRecorder {
  readonly #keep: (gap: RecordedGap) => void
  readonly #thresholdMs: number
  readonly #coveredUntil = new Map<string, number>()
  #recent: RecordedGap[] = []
  #totals = { open: 0, ignored: 0, unrecoverable: 0, unrecoverableSeconds: 0 }

  constructor(thresholdMs: number, keep: (gap: RecordedGap) => void) {
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

  /** Adds what the database holds from before this process, of any collector. */
  addStored(open: number): void {
    this.#totals.open += open
  }

  /** An open gap was closed, by whatever filled it. */
  close(): void {
    this.#totals.open = Math.max(0, this.#totals.open - 1)
  }

  record(gap: CaptureGap): void {
    const state = this.#stateOf(gap)
    this.#totals[state] += 1
    if (state === 'unrecoverable') {
      this.#totals.unrecoverableSeconds += this.#unseenMs(gap) / 1000
    }
    this.#recent = [...this.#recent, { gap, state }].slice(-100)
    this.#keep({ gap, state })
  }

  /** The part of a gap that no earlier gap of its stream covers: padded gaps may overlap. */
  #unseenMs(gap: CaptureGap): number {
    const { startTs, endTs } = gap
    const stream = streamKey(gap)
    const seenTs = this.#coveredUntil.get(stream) ?? 0
    this.#coveredUntil.set(stream, Math.max(seenTs, endTs))
    return Math.max(0, endTs - Math.max(startTs, seenTs))
  }

  #stateOf(gap: CaptureGap): 'open' | 'ignored' | 'unrecoverable' {
    const isShort = gap.endTs - gap.startTs < this.#thresholdMs
    if (isShort && !('accountId' in gap)) return 'ignored'
    return WITHOUT_HISTORY.has(gap.channel) ? 'unrecoverable' : 'open'
  }
}
