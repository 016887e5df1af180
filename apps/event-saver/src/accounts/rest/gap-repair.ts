import {
  CATEGORIES,
  type Category,
  type Clock,
  eventKey,
  type GridEvent,
  nowMs,
  type OrderEvent,
  type PrivateChannel,
} from '@grid/core-events'
import type { CaptureGapRepository, GapState, StoredGap, TenantScope } from '@grid/db'
import type { ArrivedRows } from '../../pipeline/arrived.ts'
import type { AccountReader, ReadInterval } from './account-reader.ts'
import { type Completeness, together } from './completeness.ts'

/** What a repair needs. */
export interface GapRepairOptions {
  readonly accountId: string
  /** Whose account it is. */
  readonly scope: TenantScope
  readonly reader: Pick<AccountReader, 'executions' | 'orders'>
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
  /** Whether an event became a dead letter, because it could not be stored or differs from a stored one. */
  readonly isRefused: (event: GridEvent) => boolean
  /** Gives the identities of the stored executions of some categories in an interval, as a set of the caller's own. */
  readonly storedExecutions: (
    categories: readonly Category[],
    interval: ReadInterval,
  ) => Promise<Set<string>>
  /** Told of orders that were read. */
  readonly onOrders: (orders: readonly OrderEvent[]) => void
  /** Told of a gap that was closed, and of what stands against all of it being known. */
  readonly onClosed: (gap: StoredGap, state: GapState, faults: readonly string[]) => void
}

/** How far beyond a gap's bounds is read, in addition to the difference of the two clocks. */
const MARGIN_MS = 5000
const RETRY_MS = 60_000
/** For so many times as long as a history needs to be complete, it is read again when it leaves out something. */
const DOUBTFUL_SETTLES = 10

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
  readonly completeness: Completeness
  /** Why it is not whole. */
  readonly faults: readonly string[]
}

const NOT_DUE: GapReading = { isStored: true, completeness: 'whole', faults: [] }

/**
 * Fills the open gaps of an account's executions and orders from the exchange's history, also those of
 * earlier processes and of other collectors.
 *
 * Each gap is read at once, and read again and closed when the history counts as complete. `filled` is
 * one of executions only if everything was asked for, every row could be read and stored, and the history
 * has all executions that were stored before. A history or a list of instruments that leaves out what it
 * should have is asked again for some minutes: the exchange may be late.
 */
export class GapRepair {
  readonly #options: GapRepairOptions
  /** By gap, when it was first read, in epoch milliseconds. */
  readonly #firstReadMs = new Map<string, number>()

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
      const isDue = isSettled || !this.#firstReadMs.has(gap.id)
      const { isStored, completeness, faults } = isDue
        ? await this.#read(gap, repair, signal)
        : NOT_DUE
      if (isStored && !this.#firstReadMs.has(gap.id)) this.#firstReadMs.set(gap.id, nowMs(clock))
      const isAwaited = completeness === 'doubtful' && this.#isAwaited(gap, repair)
      if (isSettled && isStored && !isAwaited) {
        const state = completeness === 'whole' ? repair.stateWhenRead : 'partial'
        await this.#close(gap, state, faults)
        continue
      }
      const againMs = isSettled ? nowMs(clock) + this.#retryMs(isStored) : settledMs
      nextMs = Math.min(nextMs ?? againMs, againMs)
    }
    return nextMs
  }

  /** Whether a doubtful reading of a gap may still become a whole one. */
  #isAwaited({ id }: StoredGap, { stateWhenRead }: Repair): boolean {
    const { clock, settleMs } = this.#options
    const firstMs = this.#firstReadMs.get(id)
    const untilMs = (firstMs ?? nowMs(clock)) + DOUBTFUL_SETTLES * settleMs
    return stateWhenRead === 'filled' && nowMs(clock) < untilMs
  }

  /** How soon a settled gap is read again; sooner where only the exchange is waited for. */
  #retryMs(isStored: boolean): number {
    return isStored ? Math.min(RETRY_MS, this.#options.settleMs) : RETRY_MS
  }

  /** Forgets gaps that others closed. */
  #forgetAllBut(open: readonly StoredGap[]): void {
    const ids = new Set(open.map(({ id }) => id))
    for (const id of this.#firstReadMs.keys()) if (!ids.has(id)) this.#firstReadMs.delete(id)
  }

  async #close(gap: StoredGap, state: GapState, faults: readonly string[]): Promise<void> {
    const { gaps, scope, onClosed } = this.#options
    this.#firstReadMs.delete(gap.id)
    // Somebody may have removed the gap meanwhile.
    if (await gaps.setState(scope, gap.id, state)) onClosed(gap, state, faults)
  }

  /** Reads a gap's interval from all categories and stores the rows. */
  async #read(gap: StoredGap, { read }: Repair, signal: AbortSignal): Promise<GapReading> {
    const { reader, categories, clock, clockOffsetMs, settleMs } = this.#options
    const { store, isRefused, onOrders, storedExecutions } = this.#options
    // The collector that recorded the gap may have had another clock.
    const marginMs = MARGIN_MS + Math.ceil(Math.abs(clockOffsetMs()))
    const interval = { from: gap.startTs - marginMs, to: gap.endTs + marginMs }
    // What is younger may not be in the history yet.
    const settledTs = Math.floor(nowMs(clock) + clockOffsetMs() - settleMs)
    const settled = { from: interval.from, to: Math.min(interval.to, settledTs) }
    const isProof = read === 'executions'
    const left = isProof ? await storedExecutions(categories, settled) : new Set<string>()
    let isStored = true
    let isReadable = true
    const take = async (rows: ArrivedRows): Promise<void> => {
      onOrders(rows.events.filter((event) => event.channel === 'order'))
      isStored = (await store(rows)) && isStored
      for (const event of rows.events) left.delete(eventKey(event))
      if (rows.deadLetters.length > 0 || rows.events.some(isRefused)) isReadable = false
    }
    const parts: (readonly [Completeness, string])[] = []
    for (const category of categories) {
      const told = await reader[read](category, interval, take, { signal })
      parts.push([told, `${category}: the exchange told only a part, or may list more coins`])
    }
    // A socket delivers all categories, so a gap is one of all categories.
    const unasked = CATEGORIES.filter((category) => !categories.includes(category))
    if (unasked.length > 0) parts.push(['part', `not asked for: ${unasked.join(', ')}`])
    if (!isReadable) parts.push(['part', 'rows could not be read or stored: see the dead letters'])
    if (left.size > 0) parts.push(['doubtful', `${left.size} stored executions are left out`])
    const faults = parts.filter(([told]) => told !== 'whole').map(([, fault]) => fault)
    return { isStored, completeness: together(...parts.map(([told]) => told)), faults }
  }
}
