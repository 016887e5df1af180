import type { CaptureGap, Channel, Stream } from '@grid/core-events'
import type { JournalPosition } from '../../journal/format/position.ts'
import { DroppedIntervals, type Moment } from '../dropped-intervals.ts'
import type { Lane } from './lane.ts'

/** What the journal cannot give back to a lane. */
export interface Lost {
  /** The first record that is missing, or cannot be understood. */
  readonly from: JournalPosition
  /** What all streams have lost begins here, in epoch milliseconds; null where only those of `known` lost anything. */
  readonly fromMs: number | null
  readonly toMs: number
  /** Beginning and end of what single streams have lost. */
  readonly known?: readonly Moment[]
  /** Whether it goes on until its end is found, or the process of these records has ended. Default: as it was. */
  readonly isOpen?: boolean
}

/** A loss that may still grow. */
interface Loss {
  readonly from: JournalPosition
  /** What all streams of the channel have lost; null where only some have lost anything. */
  fromMs: number | null
  toMs: number
  readonly intervals: DroppedIntervals
  /** The end of it all. */
  latestMs: number
  isOpen: boolean
}

/** What losses need, and whom they tell. */
export interface LossesOptions {
  /** The streams of a channel: each has lost what its lane has lost. */
  readonly streamsOf: (channel: Channel) => readonly Stream[]
  readonly onGap: (gap: CaptureGap) => void
}

/** How much older than its receipt an event is believed to be that the journal cannot give back. */
export const UNDER_WAY_MS = 5000
/** A loss has ended when nothing of it came for so long, by the times of the records. */
const CALM_MS = 10_000

/**
 * What the journal could not give back, by lane, until it is told as gaps: damage, and everything behind it that
 * cannot be understood for want of what was damaged.
 *
 * A lane is not settled beyond the beginning of its loss, so that the next start finds one that was not told.
 */
export class Losses {
  readonly #options: LossesOptions
  readonly #open = new Map<Lane, Loss>()
  /** Lanes whose losses since they were last at the tail were told. */
  readonly #told = new Set<Lane>()

  constructor(options: LossesOptions) {
    this.#options = options
  }

  /** The first record that a lane has lost and nobody was told of; infinite for none. */
  firstOf(lane: Lane): JournalPosition {
    return this.#open.get(lane)?.from ?? Number.POSITIVE_INFINITY
  }

  /** A lane has lost something, or more. */
  extend(lane: Lane, { from, fromMs, isOpen, known = [], toMs }: Lost): void {
    const intervals = new DroppedIntervals()
    const begun = { from, fromMs, toMs, intervals, latestMs: toMs, isOpen: false }
    const loss = this.#open.get(lane) ?? begun
    this.#open.set(lane, loss)
    loss.isOpen = isOpen ?? loss.isOpen
    loss.latestMs = Math.max(loss.latestMs, toMs)
    if (fromMs !== null) {
      loss.toMs = loss.fromMs === null ? toMs : Math.max(loss.toMs, toMs)
      loss.fromMs = Math.min(loss.fromMs ?? fromMs, fromMs)
    }
    for (const moment of known) loss.intervals.note(moment)
  }

  /** The reading has come to a time, in epoch milliseconds: losses long before it have ended. */
  pass(nowMs: number): void {
    for (const [lane, { isOpen, latestMs }] of this.#open) {
      if (!isOpen && nowMs > latestMs + CALM_MS) this.#end(lane, nowMs)
    }
  }

  /** The process whose records were read has ended. */
  endAll(nowMs: number): void {
    for (const lane of [...this.#open.keys()]) this.#end(lane, nowMs)
  }

  /** A lane is at the tail; gives whether it has lost anything since it was there before. */
  reachTail(lane: Lane, nowMs: number): boolean {
    this.#end(lane, nowMs)
    return this.#told.delete(lane)
  }

  #end(lane: Lane, nowMs: number): void {
    const loss = this.#open.get(lane)
    if (loss === undefined) return
    if (loss.isOpen) loss.toMs = Math.max(loss.toMs, Math.ceil(nowMs))
    const { fromMs, intervals, toMs } = loss
    if (fromMs !== null && lane.channel !== 'unknown') {
      for (const stream of this.#options.streamsOf(lane.channel)) {
        intervals.note({ ...stream, ts: fromMs })
        intervals.note({ ...stream, ts: Math.max(fromMs, toMs) })
      }
    }
    for (const gap of intervals.end()) this.#options.onGap(gap)
    this.#open.delete(lane)
    this.#told.add(lane)
  }
}
