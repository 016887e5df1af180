import {
  type Category,
  type Clock,
  nowMs,
  type OrderEvent,
  type PrivateChannel,
} from '@grid/core-events'
import type { CaptureGapRepository, GapState, StoredGap, TenantScope } from '@grid/db'
import type { ArrivedRows } from '../../pipeline/pipeline.ts'
import type { AccountReader } from './account-reader.ts'

/** What a repair needs. */
export interface GapRepairOptions {
  readonly accountId: string
  /** Whose account it is. */
  readonly scope: TenantScope
  readonly reader: Pick<AccountReader, 'executions' | 'orders' | 'covers'>
  readonly categories: readonly Category[]
  readonly gaps: Pick<CaptureGapRepository, 'list' | 'setState'>
  readonly clock: Clock
  /** How long after a gap's end the exchange's history counts as complete, in milliseconds: REST lags. */
  readonly settleMs: number
  /** How far the exchange's clock is ahead of ours, in milliseconds; 0 before that is known. */
  readonly clockOffsetMs: () => number
  /** Resolves once all gaps so far are stored. */
  readonly recorded: () => Promise<boolean>
  /** Stores rows; false when some could not be stored. */
  readonly store: (rows: ArrivedRows) => Promise<boolean>
  /** Told of orders that were read. */
  readonly onOrders: (orders: readonly OrderEvent[]) => void
  /** Told of a gap that was closed. */
  readonly onClosed: (gap: StoredGap, state: GapState) => void
}

/** How far beyond a gap's bounds is read, in addition to the difference of the two clocks. */
const MARGIN_MS = 5000
const RETRY_MS = 60_000

/** How the gaps of a channel are repaired. */
interface Repair {
  /** The reading of the exchange's history. */
  readonly read: 'executions' | 'orders'
  /** The state of a gap whose whole interval was read, of every category and coin. */
  readonly stateWhenRead: GapState
}

/** The repair of each channel whose history the exchange keeps. */
const REPAIRS: Readonly<Partial<Record<string, Repair>>> = {
  execution: { read: 'executions', stateWhenRead: 'filled' },
  // The history lists the last state of each order, not those before it.
  order: { read: 'orders', stateWhenRead: 'partial' },
} satisfies Partial<Record<PrivateChannel, Repair>>

/** How much of a gap was read and stored. */
interface GapReading {
  /** Whether everything that the exchange gave is stored. */
  readonly isStored: boolean
  /** Whether everything was asked for, and the exchange gave it. */
  readonly isWhole: boolean
}

/**
 * Fills the open gaps of an account's executions and orders from the exchange's history, also those of
 * earlier processes and of other collectors.
 *
 * Each gap is read at once, and read again and closed when the history counts as complete.
 */
export class GapRepair {
  readonly #options: GapRepairOptions
  /** Gaps that were read once. */
  readonly #readOnce = new Set<string>()

  constructor(options: GapRepairOptions) {
    this.#options = options
  }

  /** Repairs what is due; gives when to call it again, in epoch milliseconds, or null when no gap is left. */
  async run(signal: AbortSignal): Promise<number | null> {
    const { accountId, scope, clock, clockOffsetMs, gaps, recorded, settleMs } = this.#options
    await recorded()
    let nextMs: number | null = null
    const open = await gaps.list({ state: 'open', accountId, of: scope })
    this.#forgetAllBut(open)
    for (const gap of open) {
      const repair = REPAIRS[gap.channel]
      if (repair === undefined) continue
      // A gap's end may be a time of the exchange's clock.
      const settledMs = gap.endTs - Math.max(0, clockOffsetMs()) + settleMs
      const isSettled = nowMs(clock) >= settledMs
      const isDue = isSettled || !this.#readOnce.has(gap.id)
      const read = isDue ? await this.#read(gap, repair, signal) : { isStored: true, isWhole: true }
      if (isSettled && read.isStored) {
        await this.#close(gap, read.isWhole ? repair.stateWhenRead : 'partial')
        continue
      }
      if (read.isStored) this.#readOnce.add(gap.id)
      const againMs = read.isStored ? settledMs : nowMs(clock) + RETRY_MS
      nextMs = Math.min(nextMs ?? againMs, againMs)
    }
    return nextMs
  }

  /** Forgets gaps that others closed. */
  #forgetAllBut(open: readonly StoredGap[]): void {
    const ids = new Set(open.map(({ id }) => id))
    for (const id of this.#readOnce) if (!ids.has(id)) this.#readOnce.delete(id)
  }

  async #close(gap: StoredGap, state: GapState): Promise<void> {
    const { gaps, scope, onClosed } = this.#options
    this.#readOnce.delete(gap.id)
    // Somebody may have removed the gap meanwhile.
    if (await gaps.setState(scope, gap.id, state)) onClosed(gap, state)
  }

  /** Reads a gap's interval from all categories and stores the rows. */
  async #read(gap: StoredGap, { read }: Repair, signal: AbortSignal): Promise<GapReading> {
    const { reader, categories, clockOffsetMs, store, onOrders } = this.#options
    // The collector that recorded the gap may have had another clock.
    const marginMs = MARGIN_MS + Math.ceil(Math.abs(clockOffsetMs()))
    const interval = { from: gap.startTs - marginMs, to: gap.endTs + marginMs }
    let isStored = true
    let isWhole = true
    const take = async (rows: ArrivedRows): Promise<void> => {
      onOrders(rows.events.filter((event) => event.channel === 'order'))
      isStored = (await store(rows)) && isStored
    }
    for (const category of categories) {
      isWhole = (await reader[read](category, interval, take, { signal })) && isWhole
    }
    // A socket delivers all categories, so a gap is one of all categories.
    isWhole = isWhole && (await reader.covers(categories, interval.to, signal))
    return { isStored, isWhole }
  }
}
