import {
  type GridEvent,
  TICKER_FIELD_NAMES,
  TICKER_FIELDS,
  type TickerEvent,
} from '@grid/core-events'
import { expect, it } from 'vitest'
import { MergingQueue } from '../../src/pipeline/merging/merging-queue.ts'
import { STATE_MERGES } from '../../src/pipeline/merging/state-merges.ts'
import type { EventQueue } from '../../src/pipeline/writers/event-writer.ts'
import type { Arrival } from '../../src/pipeline/writers/waiting-room.ts'

const T0 = 1_760_000_000_000
const NEVER = new AbortController().signal
const BIT = {
  lastPrice: 2 ** TICKER_FIELDS.lastPrice.bit,
  change24h: 2 ** TICKER_FIELDS.change24h.bit,
}

function ticker(
  ms: number,
  seq: number,
  more: Partial<Record<keyof TickerEvent, unknown>> = {},
): TickerEvent {
  const nothing = Object.fromEntries(TICKER_FIELD_NAMES.map((name) => [name, null]))
  return {
    ...nothing,
    channel: 'ticker',
    category: 'linear',
    symbol: 'BTCUSDT',
    exchangeTs: T0 + ms,
    localTsUs: (T0 + ms) * 1000,
    source: 'ws',
    seq,
    isSnapshot: false,
    changed: 0,
    extra: null,
    ...more,
  } as TickerEvent
}

/** A queue of intervals of a second, its writer's events, and a clock that a test moves. */
function rig() {
  let nowMs = T0
  let timers: { at: number; callback: () => void }[] = []
  const given: GridEvent[] = []
  let merged = 0
  const writer: EventQueue = {
    waiting: 0,
    oldest: null,
    next: null,
    hasRoom: true,
    isOpen: true,
    isStoring: false,
    isFailing: false,
    open: () => {},
    add: (event) => given.push(event),
    settled: () => Promise.resolve(true),
    changed: () => Promise.resolve(),
    flush: () => Promise.resolve(),
    letGo: () => given.splice(0).length,
    close: () => [],
  }
  const queue = new MergingQueue(writer, {
    intervalMs: 1000,
    merge: STATE_MERGES.ticker ?? ((_, arrived) => arrived),
    clock: {
      nowUs: () => nowMs * 1000,
      setTimer: (callback, delayMs) => {
        const timer = { at: nowMs + delayMs, callback }
        timers.push(timer)
        return {
          cancel: () => {
            timers = timers.filter((each) => each !== timer)
          },
        }
      },
    },
    onMerged: () => {
      merged += 1
    },
  })
  let position = 0
  return {
    queue,
    given,
    merged: () => merged,
    add: (event: TickerEvent) => {
      position += 1
      const arrival: Arrival = { timeUs: nowMs * 1000, position, bytes: 10 * position }
      queue.add(event, arrival)
    },
    advance: (ms: number) => {
      for (const end = nowMs + ms; nowMs < end; ) {
        nowMs += 50
        const due = timers.filter(({ at }) => at <= nowMs)
        timers = timers.filter((each) => !due.includes(each))
        for (const { callback } of due) callback()
      }
    },
  }
}

it('gives the last of an interval, with what the others carried, when the next interval begins', () => {
  const { queue, add, given, merged } = rig()
  const first = ticker(0, 1, {
    lastPrice: '1',
    changed: BIT.lastPrice,
    isSnapshot: true,
    extra: { a: 1, b: 1 },
  })
  const last = ticker(900, 2, {
    lastPrice: '1',
    change24h: '2',
    changed: BIT.change24h,
    extra: { b: 2 },
  })
  for (const event of [first, last]) add(event)
  expect([given.length, merged(), queue.waiting]).toEqual([0, 1, 1])
  expect(queue.oldest).toMatchObject({ position: 1, bytes: 20 })
  add(ticker(1000, 3))
  expect(given).toEqual([
    { ...last, changed: BIT.lastPrice + BIT.change24h, extra: { a: 1, b: 2 } },
  ])
  expect([merged(), queue.waiting]).toEqual([1, 1])
})

it('keeps streams apart', () => {
  const { add, given, queue } = rig()
  add(ticker(0, 1))
  add(ticker(0, 1, { symbol: 'ETHUSDT' }))
  add(ticker(0, 1, { category: 'inverse' }))
  void queue.flush(NEVER)
  expect(given).toHaveLength(3)
})

it('gives what is held once its interval and a second have passed', () => {
  const { add, given, advance, queue } = rig()
  add(ticker(0, 1))
  advance(1900)
  expect(given).toEqual([])
  advance(400)
  expect(given).toEqual([ticker(0, 1)])
  expect(queue.waiting).toBe(0)
})

it('merges a late message beneath what is held, and drops no newer one', () => {
  const { add, given, merged, advance, queue } = rig()
  add(ticker(500, 5, { lastPrice: '5', change24h: '1', changed: BIT.lastPrice }))
  const late = { lastPrice: '4', change24h: '4', changed: BIT.lastPrice + BIT.change24h }
  add(ticker(400, 4, late))
  advance(3000)
  const held = { lastPrice: '5', change24h: '4', changed: BIT.lastPrice + BIT.change24h }
  expect(given).toEqual([ticker(500, 5, held)])
  // Older than what the writer has: it is beneath what came after it.
  add(ticker(300, 3))
  expect([merged(), queue.waiting]).toEqual([2, 0])
  // Newer, though its interval was given: a row more rather than a loss.
  add(ticker(600, 6))
  void queue.flush(NEVER)
  expect(given).toHaveLength(2)
})

it('stores what comes after a message with an absurd time', () => {
  const { add, given, advance, queue } = rig()
  add(ticker(0, 1, { exchangeTs: T0 + 365 * 86_400_000 }))
  advance(3000)
  add(ticker(3000, 2))
  void queue.flush(NEVER)
  expect(given.map((event) => 'seq' in event && event.seq)).toEqual([1, 2])
})

it('merges nothing into a message with an absurd time that comes among others', () => {
  const { add, given, queue, merged } = rig()
  add(ticker(0, 1))
  add(ticker(200, 2, { exchangeTs: T0 + 61_000 + 200 }))
  for (const ms of [400, 1400, 2400]) add(ticker(ms, ms))
  void queue.flush(NEVER)
  expect(given.map((event) => 'seq' in event && event.seq)).toEqual([2, 400, 1400, 2400])
  expect(merged()).toBe(1)
})

it('hands on what it holds at a stop', () => {
  const { add, given, queue } = rig()
  add(ticker(0, 1))
  queue.close()
  expect(given).toHaveLength(1)
})

it('lets go of all it holds, and takes the same again as if it were new', () => {
  const { add, given, merged, queue } = rig()
  add(ticker(0, 1))
  add(ticker(1000, 2))
  expect(queue.letGo(7)).toBe(2)
  expect([queue.waiting, given.length]).toEqual([0, 0])
  add(ticker(0, 1))
  add(ticker(1000, 2))
  expect(merged()).toBe(0)
  void queue.flush(NEVER)
  expect(given).toEqual([ticker(0, 1), ticker(1000, 2)])
})

it('counts what it holds among what comes next', () => {
  const { add, queue } = rig()
  add(ticker(0, 1))
  add(ticker(100, 2))
  expect([queue.oldest?.position, queue.next?.position]).toEqual([1, 1])
})
