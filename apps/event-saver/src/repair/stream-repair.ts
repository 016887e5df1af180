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
  withoutTimes,
} from './page-proof.ts'
import type { AskedStream, StoredEvents } from './stored-events.ts'

/** What the repair of a stream needs, and whom it tells. */
export interface StreamRepairOptions {
  readonly client: Pick<BybitRestClient, 'recentEvents'>
  readonly clock: Clock
  readonly gaps: Pick<CaptureGapRepository, 'list' | 'fill'>
  readonly stored: Pick<StoredEvents, 'between' | 'hasBefore' | 'lastTs'>
  readonly pipeline: Pick<Pipeline, 'acceptRows' | 'eventsStored' | 'gapsRecorded' | 'hasRefused'>
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
/** So many more events than pages have may be stored of their time, at their edges; of a lie far more are. */
const MOST_BEYOND = 10_000
/** Pauses before further pages, while no two pages meet a stored event after a gap. */
const FURTHER_PAGES_MS = [500, SECOND_PAGE_MS, 1500]

/**
 * Fills the open gaps of one stream from the exchange's newest events, those of earlier processes and of
 * other collectors too.
 *
 * At least two pages are read, because the exchange may leave something out. The rows are stored by the
 * writers of live data and committed before a gap is filled.
 */
export class StreamRepair {
  readonly #options: StreamRepairOptions
  /** Keys of missed events that the database refuses: each becomes one dead letter, not one an attempt. */
  readonly #refused = new Set<string>()

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
      const stored = await this.#store(rows)
      if (stored !== null) toStore = toStore.filter((event) => !isIn(event, gap))
      const part = 'fault' in result || stored === null ? null : provenPart(result, gap)
      if (part === null || stored === null) isDone = false
      else await this.#markFilled(gap, this.#withoutRefused(part, missed), stored)
    }
    const unexplained =
      'fault' in result ? [] : toStore.filter((event) => isAmongLive(event, result))
    const explained = await this.#store(unexplained)
    if (explained !== null && explained > 0) this.#options.onUnexplained(explained)
    return isDone
  }

  /** Gives how many of some events are stored; null when they are to be given again. */
  async #store(events: readonly PublicEvent[]): Promise<number | null> {
    const { onEvents, pipeline } = this.#options
    const offered = events.filter((event) => !this.#refused.has(eventKey(event)))
    if (offered.length === 0) return 0
    if (!(await pipeline.acceptRows({ events: offered, deadLetters: [] }))) return null
    const refused = offered.filter((event) => pipeline.hasRefused(event))
    for (const event of refused) this.#refused.add(eventKey(event))
    const stored = offered.length - refused.length
    if (stored > 0) onEvents(stored)
    return stored
  }

  /** An interval without the times of the events that the database refuses: of these only letters are kept. */
  #withoutRefused(part: GapInterval, missed: readonly PublicEvent[]): readonly GapInterval[] {
    const refused = missed.filter((event) => this.#refused.has(eventKey(event)))
    return withoutTimes(
      part,
      refused.map(({ exchangeTs }) => exchangeTs),
    )
  }

  async #markFilled(gap: StoredGap, parts: readonly GapInterval[], events: number): Promise<void> {
    const { gaps, onFilled } = this.#options
    let left: Awaited<ReturnType<typeof gaps.fill>> = null
    for (const part of parts) {
      // Of a gap that was filled in part before, only what is left can be filled.
      if (gap.rest.some((rest) => overlap(rest, part))) left = await gaps.fill(gap.id, part)
    }
    // Null also when another saver has filled it meanwhile.
    if (left !== null) onFilled(gap, left, events)
  }

  async #prove(stream: MarketStream, pages: readonly Page[]): Promise<Verdict> {
    const all = pages.flatMap(({ events }) => events)
    const times = all.map(({ exchangeTs }) => exchangeTs)
    const [from, to] = [times.reduce(least, Infinity), times.reduce(most, 0)]
    const asked = askedOf(stream, pages)
    const stored =
      all.length === 0
        ? []
        : await this.#options.stored.between(asked, from, to, all.length + MOST_BEYOND)
    if (stored === null) {
      const fault = 'far more events are stored of the time of the pages than the pages have'
      return { result: { fault, isContradiction: false }, missed: [] }
    }
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
    const asked = askedOf(stream, pages)
    for (const page of pages) if (await this.#isCutShort(asked, page)) return true
    return false
  }

  /** Whether events are stored that are older than all of a page that is not full. */
  async #isCutShort(asked: AskedStream, { events, isFull }: Page): Promise<boolean> {
    const [oldest] = events
    if (isFull || oldest === undefined) return false
    const symbols = [...new Set(events.map(({ symbol }) => symbol))]
    return this.#options.stored.hasBefore(asked, symbols, oldest.exchangeTs)
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

function askedOf(stream: MarketStream, pages: readonly Page[]): AskedStream {
  return { stream, isMixed: pages.some(({ isMixed }) => isMixed) }
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
