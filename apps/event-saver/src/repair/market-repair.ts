import { BybitRestClient, hasRecentEvents } from '@grid/bybit-adapter'
import {
  Backoff,
  type Clock,
  type MarketStream,
  sleep,
  streamKey,
  streamOf,
  untilAborted,
  WakeUp,
} from '@grid/core-events'
import { CaptureGapRepository, type GridDatabase, type StoredGap } from '@grid/db'
import type { Kysely } from 'kysely'
import type { Config } from '../config/config.ts'
import type { Logger } from '../log/log.ts'
import { queryAtStart } from '../log/query-or-warn.ts'
import type { RecordedGap } from '../pipeline/gap-recorder.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import { RepairLog } from './repair-log.ts'
import { noRepairs, type RepairCounts, type RepairTotals } from './repair-totals.ts'
import { Slots } from './slots.ts'
import { StoredEvents } from './stored-events.ts'
import { StreamRepair } from './stream-repair.ts'

/** What the repair of market data is made of. */
export interface MarketRepairOptions {
  readonly config: Pick<Config, 'environment' | 'repair' | 'restUrl' | 'wsUrl'>
  readonly clock: Clock
  readonly db: Kysely<GridDatabase>
  readonly pipeline: Pipeline
  readonly log: Logger
  /** Whether a stream is captured and live. */
  readonly isLive: (stream: MarketStream) => boolean
}

/** Streams that are repaired at a time. */
const AT_A_TIME = 5
/** The first retries come soon, while a page may still reach; the last ones are for quiet markets. */
const BACKOFF = { baseMs: 1000, capMs: 300_000 }

/** How soon the open gaps are asked for again, where the database cannot tell them. */
const TAKE_UP_MS = 60_000
/**
 * How often it is looked which gaps are open: a database that lost its last moments has gaps open again that were
 * closed.
 */
const LOOK_AGAIN_MS = 300_000

/** One stream with gaps to fill. */
interface Job {
  readonly stream: MarketStream
  readonly wakeUp: WakeUp
  /** A gap was recorded since the last attempt began. */
  isRequested: boolean
}

/**
 * Fills gaps of market data over REST, at most five streams at a time.
 *
 * A stream is asked for at once when a gap of it ends, and again after a growing delay until nothing is
 * left to try. The open gaps of earlier processes are taken up when their stream is live.
 */
export class MarketRepair {
  readonly #options: MarketRepairOptions
  readonly #log: RepairLog
  readonly #client: BybitRestClient
  readonly #gaps: CaptureGapRepository
  readonly #isOn: boolean
  readonly #slots = new Slots(AT_A_TIME)
  readonly #stop = new AbortController()
  readonly #jobs = new Map<string, Job>()
  /** Streams with open gaps that are not live: of those no event after a gap will come for now. */
  readonly #notLive = new Map<string, MarketStream>()
  /** Gaps of which no part can be reached any longer. */
  readonly #outOfReach = new Set<string>()
  readonly #counts: RepairCounts = noRepairs()
  #running: Promise<void>[] = []

  constructor(options: MarketRepairOptions) {
    const { clock, config, db, log } = options
    const { environment, repair, restUrl, wsUrl } = config
    this.#options = options
    this.#log = new RepairLog(log)
    this.#client = new BybitRestClient({ environment, restUrl, clock })
    this.#gaps = new CaptureGapRepository(db)
    // The REST of another exchange would bring its events.
    const isSameExchange = wsUrl === undefined || restUrl !== undefined
    this.#isOn = repair && isSameExchange
    if (repair && !isSameExchange) this.#log.off()
  }

  /** Counts since the start. */
  get totals(): RepairTotals {
    return { ...this.#counts, streams: this.#jobs.size }
  }

  /** A gap was recorded. */
  onGap({ gap, state }: RecordedGap): void {
    if (state === 'open' && !('accountId' in gap)) this.#request(streamOf(gap))
  }

  /** A stream is live: its earlier gaps can be filled. */
  onLive(stream: MarketStream): void {
    const key = streamKey(stream)
    if (this.#notLive.delete(key)) this.#request(stream)
  }

  /**
   * Takes up the open gaps of earlier processes, once the database is ready: nobody else asks for them. Resolves when
   * they are known, or with the stop, and looks again every five minutes. Never rejects.
   */
  async takeUp(): Promise<void> {
    const { clock, log } = this.#options
    const { signal } = this.#stop
    for (let isKnown = !this.#isOn; !isKnown && !signal.aborted; ) {
      await queryAtStart({ log, clock, signal }, async () => {
        await this.#takeUpOnce()
        isKnown = true
      })
      if (!isKnown) await sleep(clock, TAKE_UP_MS, signal)
    }
    if (this.#isOn) this.#running.push(this.#lookAgain(signal))
  }

  async #lookAgain(signal: AbortSignal): Promise<void> {
    for (;;) {
      await sleep(this.#options.clock, LOOK_AGAIN_MS, signal)
      if (signal.aborted) return
      // One that fails is left to the next.
      await untilAborted(this.#takeUpOnce(), signal).catch(() => {})
    }
  }

  async #takeUpOnce(): Promise<void> {
    for (const gap of await this.#gaps.list({ state: 'open' })) {
      const stream = streamOfStored(gap)
      // Who repairs a stream reads its gaps anew each time.
      const isKnown = stream === null || this.#jobs.has(streamKey(stream))
      if (isKnown || this.#outOfReach.has(gap.id)) continue
      if (this.#options.isLive(stream)) this.#request(stream)
      else this.#notLive.set(streamKey(stream), stream)
    }
  }

  /** Ends all repairs; gaps that are not filled stay open. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#running)
  }

  #request(stream: MarketStream): void {
    if (!this.#isOn || this.#stop.signal.aborted || !hasRecentEvents(stream.channel)) return
    const key = streamKey(stream)
    const known = this.#jobs.get(key)
    if (known !== undefined) {
      known.isRequested = true
      known.wakeUp.now()
      return
    }
    const job: Job = { stream, wakeUp: new WakeUp(), isRequested: true }
    this.#jobs.set(key, job)
    const work = this.#work(job).finally(() => {
      this.#jobs.delete(key)
      this.#running = this.#running.filter((other) => other !== work)
    })
    this.#running.push(work)
  }

  async #work(job: Job): Promise<void> {
    const { signal } = this.#stop
    const { clock, isLive } = this.#options
    const backoff = new Backoff(BACKOFF)
    let refusals = 0
    const repair = this.#repairOf(job.stream, (fault) => {
      this.#counts.refused += 1
      refusals += 1
      this.#log.refused(job.stream, fault, refusals)
    })
    while (!signal.aborted) {
      const isFirst = job.isRequested
      const isDone = await this.#slots.run(isFirst, async () => {
        job.isRequested = false
        job.wakeUp.clear()
        try {
          // It may wait for a database that is away until everything else has stopped.
          return await untilAborted(repair.run(job.stream, isFirst, signal), signal)
        } catch (error) {
          if (signal.aborted) return true
          this.#counts.failures += 1
          this.#log.failed(job.stream, error, backoff.failures + 1)
          return false
        }
      })
      if (job.isRequested) backoff.reset()
      else if (isDone) return
      else {
        await job.wakeUp.sleep(clock, backoff.next(), signal)
        if (job.isRequested || isLive(job.stream)) continue
        // It may come back with a gap so short that nothing asks for it, or be captured no longer.
        this.#notLive.set(streamKey(job.stream), job.stream)
        return
      }
    }
  }

  #repairOf(stream: MarketStream, onRefused: (fault: string) => void): StreamRepair {
    const { clock, db, pipeline } = this.#options
    return new StreamRepair({
      client: this.#client,
      clock,
      gaps: this.#gaps,
      stored: new StoredEvents(db),
      pipeline,
      onPage: () => {
        this.#counts.pages += 1
      },
      onEvents: (events) => {
        this.#counts.events += events
      },
      onFilled: (gap, { state, rest }, events) => {
        if (state === 'filled' || state === 'partial') this.#counts[state] += 1
        const { startTs, endTs, reason } = gap
        pipeline.gaps.change({ ...stream, startTs, endTs, reason }, gap.state, state)
        this.#log.filled(gap, state, rest, events)
      },
      onOutOfReach: (gap) => {
        // Each later repair of its stream comes upon it again.
        if (gap.state !== 'open' || this.#outOfReach.has(gap.id)) return
        this.#outOfReach.add(gap.id)
        this.#counts.outOfReach += 1
        this.#log.outOfReach(gap)
      },
      onUnexplained: (events) => this.#log.unexplained(stream, events),
      onRefused,
    })
  }
}

/** The stream of a stored gap of market data; null when it is not of one that REST gives. */
function streamOfStored({ category, channel, symbol, variant }: StoredGap): MarketStream | null {
  if (category === null || symbol === null) return null
  const named = { category, symbol, ...(variant !== null && { variant }) }
  const isPublic = (name: string): name is MarketStream['channel'] =>
    hasRecentEvents(name as MarketStream['channel'])
  return isPublic(channel) ? { ...named, channel } : null
}
