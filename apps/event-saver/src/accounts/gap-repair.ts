import {
  type Category,
  type Clock,
  nowMs,
  type OrderEvent,
  type PrivateChannel,
} from '@grid/core-events'
import type { CaptureGapRepository, GapState, StoredGap } from '@grid/db'
import type { ArrivedRows } from '../capture/pipeline.ts'
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
  /** Resolves once the gaps so far are recorded. */
  readonly recorded: () => Promise<boolean>
  /** Stores rows; false when it could not store all of them. */
  readonly store: (rows: ArrivedRows) => Promise<boolean>
  /** Told of orders that were read. */
  readonly onOrders: (orders: readonly OrderEvent[]) => void
  /** Told of a gap that is closed. */
  readonly onClosed: (gap: StoredGap, state: GapState) => void
}

/** How far beyond a gap's bounds is read: clocks differ, and the bounds are by ours. */
const MARGIN_MS = 5000
const RETRY_MS = 60_000

/** Channels of which the exchange keeps a history, and how far it fills a gap. */
const STATE_WHEN_READ: Partial<Record<string, GapState>> &
  Partial<Record<PrivateChannel, GapState>> = {
  // Every execution is listed.
  execution: 'filled',
  // Every order is listed as it is, without the states that it went through.
  order: 'partial',
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
    const { accountId, clock, gaps, recorded, settleMs } = this.#options
    await recorded()
    let nextMs: number | null = null
    for (const gap of await gaps.list({ state: 'open', accountId, of: 'everyone' })) {
      const state = STATE_WHEN_READ[gap.channel]
      if (state === undefined) continue
      const settledMs = gap.endTs + settleMs
      const isSettled = nowMs(clock) >= settledMs
      const isDone = isSettled || !this.#readOnce.has(gap.id) ? await this.#read(gap, signal) : true
      if (isSettled && isDone) {
        await gaps.setState(gap.id, state)
        this.#readOnce.delete(gap.id)
        this.#options.onClosed(gap, state)
        continue
      }
      if (isDone) this.#readOnce.add(gap.id)
      const againMs = isDone ? settledMs : nowMs(clock) + RETRY_MS
      nextMs = Math.min(nextMs ?? againMs, againMs)
    }
    return nextMs
  }

  /** Reads a gap's interval and stores what it gives; false when not all of it could be stored. */
  async #read(gap: StoredGap, signal: AbortSignal): Promise<boolean> {
    const { reader, categories, store, onOrders } = this.#options
    const interval = { from: gap.startTs - MARGIN_MS, to: gap.endTs + MARGIN_MS }
    let isStored = true
    const take = async (rows: ArrivedRows): Promise<void> => {
      onOrders(rows.events.filter((event) => event.channel === 'order'))
      isStored = (await store(rows)) && isStored
    }
    for (const category of categories) {
      if (gap.channel === 'order') await reader.orders(category, interval, take, { signal })
      else await reader.executions(category, interval, take, { signal })
    }
    return isStored
  }
}
