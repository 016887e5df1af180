import { canonicalDecimal, eventKey, isDecimal, type PublicEvent } from '@grid/core-events'
import type { GapInterval } from '@grid/db'

/** A page with the newest events of a stream, oldest first. */
export interface Page {
  readonly events: readonly PublicEvent[]
  /** How many of its rows cannot be read, or are of another stream. */
  readonly unreadable: number
  /** Whether it has as many rows as it can hold. */
  readonly isFull: boolean
  /** Whether it holds several instruments, whose events may be a little out of order. */
  readonly isMixed: boolean
}

/** What pages that agree with what is stored, and with each other, prove. */
export interface PageProof {
  /** Of each page, within which times it holds every event. */
  readonly spans: readonly PageSpan[]
  /** Times of the pages' events that were captured live, in order: what the pages were checked by. */
  readonly liveTs: readonly number[]
}

/** Times in epoch milliseconds. */
interface PageSpan {
  readonly fromTs: number
  readonly untilTs: number
}

/** Why pages prove nothing. */
export interface PageFault {
  readonly fault: string
  /** Whether an event contradicts a stored one, or one of another page: then none of them is stored. */
  readonly isContradiction: boolean
}

/** How far events of several instruments may be out of order. */
const MIXED_EDGE_MS = 1000

/**
 * Checks pages against the stored events of their time, and each page against all others.
 *
 * A page that leaves out a stored event, or one that another page has, proves nothing, because it may
 * leave out others as well. What it leaves out in the same way each time, between two stored events,
 * cannot be seen by this. Events that REST brought are no witnesses of what REST says later.
 *
 * @param stored the stored events from the oldest to the newest time of all pages, both inclusive
 */
export function provePages(
  pages: readonly Page[],
  stored: readonly PublicEvent[],
): PageProof | PageFault {
  const contradiction = contradictionOf(pages, stored)
  if (contradiction !== null) return { fault: contradiction, isContradiction: true }
  const known = new Map(stored.map((event) => [eventKey(event), event]))
  const liveTs = new Set<number>()
  for (const page of pages) {
    const fault = omissionOf(page, stored)
    if (fault !== null) return fault
    for (const event of page.events) {
      if ((known.get(eventKey(event))?.source ?? 'rest') !== 'rest') liveTs.add(event.exchangeTs)
    }
  }
  for (const page of pages) {
    for (const other of pages) {
      const odd = firstLacking(page, other)
      if (odd !== null) return omission(`one of two pages has ${eventKey(odd)}, the other has not`)
    }
  }
  const spans = pages.map((page) => ({
    fromTs: completeFrom(page),
    untilTs: completeUntil(page),
  }))
  return { spans, liveTs: [...liveTs].toSorted((a, b) => a - b) }
}

/** Whether two pages are complete up to a gap's end, and meet a stored event after it. */
export function meetsEnd({ liveTs, spans }: PageProof, { endTs }: GapInterval): boolean {
  return liveTs.some((ts) => ts >= endTs) && twiceFrom(spans, endTs) < Number.POSITIVE_INFINITY
}

/**
 * The time from which on two pages at least hold every event, up to a time; infinite where they do not. What a single
 * page tells was not seen twice, and between one that is old and one that has moved on may lie what neither has.
 */
function twiceFrom(spans: readonly PageSpan[], endTs: number): number {
  for (let fromTs = endTs, isFirst = true; ; isFirst = false) {
    const starts = spans.filter(({ untilTs }) => untilTs >= fromTs).map((span) => span.fromTs)
    const [, second = Number.POSITIVE_INFINITY] = starts.toSorted((a, b) => a - b)
    if (second >= fromTs) return isFirst ? second : fromTs
    fromTs = second
  }
}

/** What of an interval is left without some times. */
export function withoutTimes(
  { startTs, endTs }: GapInterval,
  times: Iterable<number>,
): GapInterval[] {
  const left: GapInterval[] = []
  let from = startTs
  for (const ts of [...new Set(times)].toSorted((a, b) => a - b)) {
    if (ts < from || ts > endTs) continue
    if (ts > from) left.push({ startTs: from, endTs: ts - 1 })
    from = ts + 1
  }
  if (from <= endTs) left.push({ startTs: from, endTs })
  return left
}

/** The part of a gap that is proven; null when none is. */
export function provenPart(proof: PageProof, gap: GapInterval): GapInterval | null {
  const { liveTs, spans } = proof
  const { startTs, endTs } = gap
  if (!meetsEnd(proof, gap)) return null
  const fromTs = twiceFrom(spans, endTs)
  const isMet = liveTs.some((ts) => ts <= startTs)
  // Without a stored event before the gap, only what follows the first one is certain.
  const first = isMet ? startTs : (liveTs.find((ts) => ts > startTs) ?? Number.POSITIVE_INFINITY)
  const start = fromTs > startTs ? fromTs : first
  return start > endTs ? null : { startTs: start, endTs }
}

/** The time from which a page holds every event: of a full one, the oldest instant may be cut. */
export function completeFrom({ events, isFull, isMixed }: Page): number {
  const oldest = events[0]?.exchangeTs
  if (oldest === undefined) return Number.POSITIVE_INFINITY
  if (!isFull) return 0
  return oldest + (isMixed ? MIXED_EDGE_MS : 1)
}

/** The time before which a page holds every event. */
function completeUntil({ events, isMixed }: Page): number {
  const newest = events.at(-1)?.exchangeTs ?? 0
  return isMixed ? newest - MIXED_EDGE_MS : newest
}

/** Where a page tells an event otherwise than it is stored, or than a page told it before; null for nowhere. */
function contradictionOf(pages: readonly Page[], stored: readonly PublicEvent[]): string | null {
  const told = new Map<string, PublicEvent>()
  for (const event of stored) told.set(idOf(event), event).set(eventKey(event), event)
  for (const event of pages.flatMap(({ events }) => events)) {
    const [id, key] = [idOf(event), eventKey(event)]
    const same = told.get(key) ?? told.get(id)
    if (same === undefined) told.set(id, event).set(key, event)
    const field = same === undefined ? null : differingField(same, event)
    if (field !== null) return `${field} of ${key} differs from what is stored or another page has`
  }
  return null
}

/** What tells an event from all others, whatever time it has: the same trade at another time is no other one. */
function idOf(event: PublicEvent): string {
  return 'tradeId' in event ? `${event.symbol} ${event.tradeId}` : eventKey(event)
}

function omissionOf(page: Page, stored: readonly PublicEvent[]): PageFault | null {
  if (page.unreadable > 0)
    return omission(`${page.unreadable} rows cannot be read or are of another stream`)
  if (page.events.length === 0) return omission('the page is empty')
  const keys = new Set(page.events.map(eventKey))
  const [from, until] = [completeFrom(page), completeUntil(page)]
  for (const event of stored) {
    const { exchangeTs } = event
    if (exchangeTs < from || exchangeTs >= until || keys.has(eventKey(event))) continue
    return omission(`the page lacks ${eventKey(event)}, which is stored`)
  }
  return null
}

/** The first event of a page, of the time in which both are complete, that the other page lacks. */
function firstLacking(page: Page, other: Page): PublicEvent | null {
  const from = Math.max(completeFrom(page), completeFrom(other))
  const until = Math.min(completeUntil(page), completeUntil(other))
  const keys = new Set(other.events.map(eventKey))
  const lacking = page.events.find(
    (event) => event.exchangeTs >= from && event.exchangeTs < until && !keys.has(eventKey(event)),
  )
  return lacking ?? null
}

/** Fields that say how an event came, not what happened. */
const OF_DELIVERY: ReadonlySet<string> = new Set(['localTsUs', 'source'])

/** The first field that both events know and in which they differ; unknown is null or −1. */
function differingField(a: PublicEvent, b: PublicEvent): string | null {
  const values: Readonly<Record<string, unknown>> = { ...a }
  for (const [field, other] of Object.entries(b)) {
    const value = values[field] ?? null
    const isUnknown = [value, other].some((one) => one === null || one === -1)
    if (!isUnknown && !OF_DELIVERY.has(field) && textOf(value) !== textOf(other)) return field
  }
  return null
}

/** A value as text; equal decimals alike: `100.50` or `1e-7` of a reply is `100.5` or `0.0000001` of a row. */
function textOf(value: unknown): string {
  return typeof value === 'string' && isDecimal(value) ? canonicalDecimal(value) : String(value)
}

function omission(fault: string): PageFault {
  return { fault, isContradiction: false }
}
