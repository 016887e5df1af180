import {
  type Category,
  type Clock,
  nowMs,
  type OrderEvent,
  type PrivateChannel,
} from '@grid/core-events'
import type { CaptureGapRepository, GapState, StoredGap } from '@grid/db'
import type { ArrivedRows } from '../pipeline/pipeline.ts'
import type { AccountReader } from './account-reader.ts'

/** What a repair is made with. */
export interface GapRepairOptions {
  readonly accountId: string
  readonly reader: Pick<AccountReader, 'executions' | 'orders'>
  readonly categories: readonly Category[]
  readonly gaps: Pick<CaptureGapRepository, 'list' | 'setState'>
  readonly clock: Clock
  /**
   * REST lags behind the socket: only what it says this long after a gap's end is its last word, in
   * milliseconds.
   */
  readonly settleMs: number
  /** How far the exchange's clock is ahead of ours, in milliseconds, as far as that is known. */
  readonly clockOffsetMs: () => number
  /** Resolves once the gaps so far are recorded. */
  readonly recorded: () => Promise<boolean>
  /** Stores rows; false when it could not store all of them. */
  readonly store: (rows: ArrivedRows) => Promise<boolean>
  /** Told of orders that were read. */
  readonly onOrders: (orders: readonly OrderEvent[]) => void
  /** Told of a gap that is closed. */
  readonly onClosed: (gap: StoredGap, state: GapState) => void
}

/** How far beyond a gap's bounds is read, beside what the exchange's clock and ours differ by. */
const MARGIN_MS = 5000
const RETRY_MS = 60_000

/** Channels of which the exchange keeps a history, and how far all of it fills a gap. */
const STATE_WHEN_READ: Partial<Record<string, GapState>> &
  Partial<Record<PrivateChannel, GapState>> = {
  // Every execution is listed.
  execution: 'filled',
  // Every order is listed as it is, without the states that it went through.
  order: 'partial',
}

/** What became of the reading of a gap. */
interface GapReading {
  /** Whether all that was given is stored. */
  readonly isStored: boolean
  /** Whether the exchange gave all that there is. */
  readonly isWhole: boolean
}

/**
 * Fills the recorded gaps of an account's executions and orders from the exchange's history, those
 * of earlier processes and of other collectors included.
 *
 * Each is read at once, and again when the exchange's lists have settled, which closes it.
 */
export class GapRepair {
  readonly #options: GapRepairOptions
  /** Gaps that were read once. */
  readonly #readOnce = new Set<string>()

  constructor(options: GapRepairOptions) {
    this.#options = options
  }

  /** Works on all open gaps; gives when it should be called again, in epoch ms; null for no more. */
  async run(signal: AbortSignal): Promise<number | null> {
    const { accountId, clock, clockOffsetMs, gaps, recorded, settleMs } = this.#options
    await recorded()
    let nextMs: number | null = null
    for (const gap of await gaps.list({ state: 'open', accountId, of: 'everyone' })) {
      const state = STATE_WHEN_READ[gap.channel]
      if (state === undefined) continue
      // A gap's end may be by the exchange's clock.
      const settledMs = gap.endTs - Math.max(0, clockOffsetMs()) + settleMs
      const isSettled = nowMs(clock) >= settledMs
      const isDue = isSettled || !this.#readOnce.has(gap.id)
      const read = isDue ? await this.#read(gap, signal) : { isStored: true, isWhole: true }
      if (isSettled && read.isStored) {
        await this.#close(gap, read.isWhole ? state : 'partial')
        continue
      }
      if (read.isStored) this.#readOnce.add(gap.id)
      const againMs = read.isStored ? settledMs : nowMs(clock) + RETRY_MS
      nextMs = Math.min(nextMs ?? againMs, againMs)
    }
    return nextMs
  }

  async #close(gap: StoredGap, state: GapState): Promise<void> {
    await this.#options.gaps.setState(gap.id, state)
    this.#readOnce.delete(gap.id)
    this.#options.onClosed(gap, state)
  }

  /** Reads a gap's interval and stores what it gives. */
  async #read(gap: StoredGap, signal: AbortSignal): Promise<GapReading> {
    const { reader, categories, clockOffsetMs, store, onOrders } = this.#options
    // Who recorded the gap, and by which clock that was set how, is not known here.
    const marginMs = MARGIN_MS + Math.ceil(Math.abs(clockOffsetMs()))
    const interval = { from: gap.startTs - marginMs, to: gap.endTs + marginMs }
    let isStored = true
    let isWhole = true
    const take = async (rows: ArrivedRows): Promise<void> => {
      onOrders(rows.events.filter((event) => event.channel === 'order'))
      isStored = (await store(rows)) && isStored
    }
    for (const category of categories) {
      const read = gap.channel === 'order' ? 'orders' : 'executions'
      isWhole = (await reader[read](category, interval, take, { signal })) && isWhole
    }
    return { isStored, isWhole }
  }
}
