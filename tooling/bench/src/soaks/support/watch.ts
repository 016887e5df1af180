import { setTimeout as wait } from 'node:timers/promises'
import type { SaverStatus } from 'event-saver'
import { type Lives, readRss, waitingOf } from './lives.ts'

const SAMPLE_MS = 1000
/** What a loaded machine may read late, before a connection turns out to have ended. */
const LATE_MS = 1500
/** What an item may have become, beside waiting. */
const SETTLED = [
  'persisted',
  'merged',
  'duplicate',
  'conflict',
  'filtered',
  'discarded',
  'dropped',
  'deadLettered',
] as const

/** One look at the running saver. */
export interface Sample {
  readonly atMs: number
  readonly pid: number
  readonly rss: number
  readonly waiting: number
  readonly isBehind: boolean
}

/** Looks at whichever saver runs once a second, and checks that it accounts for every item. */
export class Watch {
  readonly samples: Sample[] = []
  /** Every channel of every status that was checked. */
  checked = 0
  /** The first channels whose counts did not add up, as texts; all are counted. */
  readonly unbalanced: string[] = []
  unbalancedCount = 0
  /** By account, the times through which it was seen live. */
  readonly #heard = new Map<string, { readonly fromMs: number; toMs: number }[]>()
  readonly #lives: Lives
  readonly #stopping = new AbortController()
  readonly #running: Promise<void>

  constructor(lives: Lives) {
    this.#lives = lives
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  /** Checks one status, which may be any. */
  check(status: SaverStatus): void {
    for (const entry of status.channels) {
      const settled = SETTLED.reduce((sum, term) => sum + entry[term], 0)
      this.checked += 1
      if (entry.received === settled + entry.waiting && entry.imbalance === 0) continue
      this.unbalancedCount += 1
      if (this.unbalanced.length < 10)
        this.unbalanced.push(JSON.stringify({ at: status.now, ...entry }))
    }
  }

  /** Whether an account was not seen live at a time. */
  readonly isUnheard = (accountId: string, ms: number): boolean =>
    this.#heard.get(accountId)?.some(({ fromMs, toMs }) => fromMs <= ms && ms <= toMs) !== true

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await wait(SAMPLE_MS)
      if (this.#lives.isRunning) await this.#sample()
    }
  }

  async #sample(): Promise<void> {
    const { saver } = this.#lives
    const { pid } = saver
    const rss = await readRss(pid)
    // It may be killed meanwhile.
    const status = await saver.status().catch(() => null)
    if (rss === null || status === null) return
    this.check(status)
    this.#noteHeard(status)
    const { behind } = status.journal
    this.samples.push({
      atMs: Date.now(),
      pid,
      rss,
      waiting: waitingOf(status),
      isBehind: behind.length > 0,
    })
  }

  #noteHeard({ accounts }: SaverStatus): void {
    const now = Date.now()
    for (const { accountId, state, since } of accounts) {
      if (state !== 'live') continue
      const times = this.#heard.get(accountId) ?? []
      this.#heard.set(accountId, times)
      const newest = times.at(-1)
      if (newest?.fromMs === since) newest.toMs = now - LATE_MS
      else times.push({ fromMs: since, toMs: now - LATE_MS })
    }
  }
}
