import { type BybitRestClient, streamSymbol } from '@grid/bybit-adapter'
import { type Clock, eventKey, type MarketStream, type PublicEvent, sleep } from '@grid/core-events'
import type { CaptureGapRepository, GapInterval, GapState, StoredGap } from '@grid/db'
import type { Pipeline } from '../pipeline/pipeline.ts'
import {
  completeFrom,
  meetsEnd,
  type Page,
  type PageFault,
  type PageProof,
  provenPart,
  provePages,
} from './page-proof.ts'
import type { StoredEvents } from './stored-events.ts'

/** What the repair of a stream needs, and whom it tells. */
export interface StreamRepairOptions {
  readonly client: Pick<BybitRestClient, 'recentEvents'>
  readonly clock: Clock
  readonly gaps: Pick<CaptureGapRepository, 'list' | 'fill'>
  readonly stored: Pick<StoredEvents, 'between' | 'hasBefore' | 'lastTs'>
  readonly pipeline: Pick<Pipeline, 'acceptRows' | 'eventsStored' | 'gapsRecorded'>
  readonly onPage: () => void
  /** Missed events were stored. */
  readonly onEvents: (events: number) => void
  /** A part of a gap, or all of it, was filled. */
  readonly onFilled: (
    gap: StoredGap,
    left: { readonly state: GapState; readonly rest: readonly GapInterval[] },
    events: number,
  ) => void
  readonly onOutOfReach: (gap: StoredGap) => void
  /** Events that no recorded gap explains were missed, and are stored now. */
  readonly onUnexplained: (events: number) => void
  /** Pages prove nothing. */
  readonly onRefused: (fault: string) => void
}

/** How long after the first page the second is read: soon, because each newer page reaches less far back. */
const SECOND_PAGE_MS = 250
/** Pauses before further pages, while no page meets a stored event after a gap. */
const FURTHER_PAGES_MS = [500, 1500]

/**
 * Fills the open gaps of one stream from the exchange's newest events, those of earlier processes and of
 * other collectors too.
 *
 * At least two pages are read, because the exchange may leave something out. The rows are stored by the
 * writers of live data and committed before a gap is filled.
 */
export class StreamRepair {
  readonly #options: StreamRepairOptions

  constructor(options: StreamRepairOptions) {
    this.#options = options
  }

  /**
   * Makes one attempt; gives whether there is nothing left to try: every gap is filled as far as the
   * exchange's newest events reach.
   */
  async run(stream: MarketStream, isFirst: boolean, signal: AbortSignal): Promise<boolean> {
    if (!isFirst && !(await this.#mayMeetEnd(stream))) return false
    const { clock } = this.#options
    // Of one page only, as letters are not compared with those that are kept already.
    const pages = [await this.#read(stream, signal, isFirst)]
    await sleep(clock, SECOND_PAGE_MS, signal)
    pages.push(await this.#read(stream, signal))
    if (!(await this.#settled(stream))) return false
    const gaps = await this.#gapsOf(stream)
    if (gaps.length === 0) return true
    let verdict = await this.#prove(stream, pages)
    for (const pauseMs of FURTHER_PAGES_MS) {
      const proof = 'fault' in verdict.result ? null : verdict.result
      if (proof === null || gaps.every((gap) => meetsEnd(proof, gap))) break
      await sleep(clock, pauseMs, signal)
      pages.push(await this.#read(stream, signal))
      if (!(await this.#settled(stream))) return false
      verdict = await this.#prove(stream, pages)
    }
    signal.throwIfAborted()
    return this.#fill(gaps, pages, verdict)
  }

  async #fill(
    gaps: readonly StoredGap[],
    pages: readonly Page[],
    { result, missed }: Verdict,
  ): Promise<boolean> {
    const { onRefused, onOutOfReach } = this.#options
    const fault = 'fault' in result ? result : null
    if (fault !== null) onRefused(fault.fault)
    const reach = Math.min(...pages.map((page) => completeFrom(page)))
    let isDone = true
    // What an incomplete page has is true all the same, unless it contradicts what is stored or another page. Gaps may
    // overlap, above all those of two collectors: each event is stored once.
    let toStore = fault?.isContradiction === true ? [] : missed
    for (const gap of gaps) {
      if (reach > gap.endTs && pages.some(({ events }) => events.length > 0)) {
        onOutOfReach(gap)
        continue
      }
      const rows = toStore.filter((event) => isIn(event, gap))
      const isStored = await this.#store(rows)
      if (isStored) toStore = toStore.filter((event) => !isIn(event, gap))
      const part = 'fault' in result || !isStored ? null : provenPart(result, gap)
      if (part === null) isDone = false
      else await this.#markFilled(gap, part, rows.length)
    }
    const unexplained =
      'fault' in result ? [] : toStore.filter((event) => isAmongLive(event, result))
    if (unexplained.length > 0 && (await this.#store(unexplained))) {
      this.#options.onUnexplained(unexplained.length)
    }
    return isDone
  }

  async #store(events: readonly PublicEvent[]): Promise<boolean> {
    if (events.length === 0) return true
    const isStored = await this.#options.pipeline.acceptRows({ events, deadLetters: [] })
    if (isStored) this.#options.onEvents(events.length)
    return isStored
  }

  async #markFilled(gap: StoredGap, part: GapInterval, events: number): Promise<void> {
    const { gaps, onFilled } = this.#options
    // Of a gap that was filled in part before, only what is left can be filled.
    if (!gap.rest.some((left) => overlap(left, part))) return
    const left = await gaps.fill(gap.id, part)
    // Null when another saver has filled it meanwhile.
    if (left !== null) onFilled(gap, left, events)
  }

  async #prove(stream: MarketStream, pages: readonly Page[]): Promise<Verdict> {
    const all = pages.flatMap(({ events }) => events)
    const times = all.map(({ exchangeTs }) => exchangeTs)
    const [from, to] = [times.reduce(least, Infinity), times.reduce(most, 0)]
    const stored = all.length === 0 ? [] : await this.#options.stored.between(stream, from, to)
    const known = new Set(stored.map(eventKey))
    const missed = new Map(
      all.map((event) => [eventKey(event), event] as const).filter(([key]) => !known.has(key)),
    )
    let result = provePages(pages, stored)
    if (
      !('fault' in result && result.isContradiction) &&
      (await this.#isAnyCutShort(stream, pages))
    ) {
      const fault = 'a page is short, though older events are stored'
      result = { fault, isContradiction: false }
    }
    return { result, missed: [...missed.values()] }
  }

  async #read(stream: MarketStream, signal: AbortSignal, keepsLetters = false): Promise<Page> {
    const { client, onPage, pipeline } = this.#options
    const page = await client.recentEvents(stream, { signal, priority: 1 })
    if (page === null) throw new Error(`REST gives no newest events of ${stream.channel}`)
    onPage()
    const { items, deadLetters, isFull, isMixed } = page
    if (keepsLetters && deadLetters.length > 0) {
      await pipeline.acceptRows({ events: [], deadLetters })
    }
    const events = items.filter((event) => isOf(stream, event))
    const unreadable = deadLetters.length + items.length - events.length
    return { events, unreadable, isFull, isMixed }
  }

  async #isAnyCutShort(stream: MarketStream, pages: readonly Page[]): Promise<boolean> {
    for (const page of pages) if (await this.#isCutShort(stream, page)) return true
    return false
  }

  /** Whether events are stored that are older than all of a page that is not full. */
  async #isCutShort(stream: MarketStream, { events, isFull }: Page): Promise<boolean> {
    const [oldest] = events
    if (isFull || oldest === undefined) return false
    const symbols = [...new Set(events.map(({ symbol }) => symbol))]
    return this.#options.stored.hasBefore(stream, symbols, oldest.exchangeTs)
  }

  /** Resolves once everything that came so far is stored; to false when some of it was given up. */
  async #settled({ channel }: MarketStream): Promise<boolean> {
    const { pipeline } = this.#options
    const settled = [pipeline.eventsStored(channel), pipeline.gapsRecorded()]
    return (await Promise.all(settled)).every(Boolean)
  }

  #gapsOf(stream: MarketStream): Promise<StoredGap[]> {
    return this.#options.gaps.list({ state: ['open', 'partial'], stream })
  }

  /** Whether an event after some gap is stored: before that no page can meet one. */
  async #mayMeetEnd(stream: MarketStream): Promise<boolean> {
    const lastTs = await this.#options.stored.lastTs(stream)
    if (lastTs === null) return true
    return (await this.#gapsOf(stream)).some(({ endTs }) => endTs <= lastTs)
  }
}

interface Verdict {
  readonly result: PageProof | PageFault
  /** Events of the pages that are not stored. */
  readonly missed: readonly PublicEvent[]
}

/** Whether an event is of a stream: its symbol's, or of option trades its base coin's. */
function isOf({ category, channel, symbol }: MarketStream, event: PublicEvent): boolean {
  return event.symbol === symbol || streamSymbol(category, channel, event.symbol) === symbol
}

/** How much later than a newer event one may still be delivered live. */
const LATE_MS = 1000

/** Whether an event lies between two that were captured live, and should have come with them. */
function isAmongLive({ exchangeTs }: PublicEvent, { liveTs }: PageProof): boolean {
  const [first = Number.POSITIVE_INFINITY] = liveTs
  return first <= exchangeTs && exchangeTs < (liveTs.at(-1) ?? 0) - LATE_MS
}

function isIn({ exchangeTs }: PublicEvent, { startTs, endTs }: GapInterval): boolean {
  return startTs <= exchangeTs && exchangeTs <= endTs
}

function overlap(a: GapInterval, b: GapInterval): boolean {
  return a.startTs <= b.endTs && b.startTs <= a.endTs
}

const least = (a: number, b: number): number => Math.min(a, b)
const most = (a: number, b: number): number => Math.max(a, b)
