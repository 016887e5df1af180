import type { RecentEvents } from '@grid/bybit-adapter'
import type { Decimal, PublicTradeEvent } from '@grid/core-events'
import type { StoredGap } from '@grid/db'
import { describe, expect, it } from 'vitest'
import { StreamRepair } from '../../src/repair/stream-repair.ts'
import { HURRIED_CLOCK } from '../support/hurried-clock.ts'

const T0 = 1_760_000_000_000
const STREAM = { category: 'linear', channel: 'publicTrade', symbol: 'BTCUSDT' } as const
const BOUNDS = { startTs: T0 + 300, endTs: T0 + 710 }
const GAP: StoredGap = {
  ...STREAM,
  ...BOUNDS,
  variant: null,
  accountId: null,
  reason: 'disconnect',
  collector: 'saver',
  id: 'gap',
  state: 'open',
  rest: [BOUNDS],
  createdAt: T0,
  updatedAt: T0,
}

function trade(at: number, source: 'ws' | 'rest', symbol = 'BTCUSDT'): PublicTradeEvent {
  const unknown = { tickDirection: null, markPrice: null, indexPrice: null, markIv: null, iv: null }
  return {
    ...STREAM,
    ...unknown,
    symbol,
    exchangeTs: T0 + at,
    localTsUs: (T0 + at) * 1000,
    source,
    tradeId: `t${at}`,
    side: 'Buy',
    price: '100' as Decimal,
    size: '1' as Decimal,
    isBlockTrade: false,
    isRpiTrade: false,
    seq: at,
    matchIndex: -1,
  }
}
const trades = (first: number, end: number, source: 'ws' | 'rest') =>
  Array.from({ length: (end - first) / 10 }, (_, index) => trade(first + index * 10, source))
const HONEST = trades(0, 900, 'rest')

/** A repair of the gap, whose pages are given in turn, the last one for ever. */
function setUp(
  given: readonly (readonly PublicTradeEvent[])[],
  {
    isFull = true,
    isStored = true,
    older = false,
    gaps = [GAP],
    letters = 0,
    refused = new Set<number>(),
    isFlooded = false,
  } = {},
) {
  const told: string[] = []
  const stored = [...trades(0, 400, 'ws'), ...trades(700, 1000, 'ws'), trade(5000, 'ws')]
  let asked = 0
  let counted = 0
  const repair = new StreamRepair({
    client: {
      recentEvents: async () => {
        const items = given[Math.min(asked++, given.length - 1)] ?? []
        const deadLetters = new Array(letters).fill({})
        return { items, deadLetters, isFull, isMixed: false } as unknown as RecentEvents
      },
    },
    clock: HURRIED_CLOCK,
    gaps: {
      list: async () => gaps,
      fill: async (_id, { startTs, endTs }) => {
        told.push(`fill ${startTs - T0} to ${endTs - T0}`)
        const isWhole = endTs - startTs === BOUNDS.endTs - BOUNDS.startTs
        return { state: isWhole ? 'filled' : 'partial', rest: [] }
      },
    },
    stored: {
      between: async (_stream, startTs, endTs) =>
        isFlooded
          ? null
          : stored.filter(({ exchangeTs }) => startTs <= exchangeTs && exchangeTs <= endTs),
      hasBefore: async () => older,
      lastTs: async () => T0 + 500,
    },
    pipeline: {
      acceptRows: async ({ events, deadLetters }) => {
        if (deadLetters.length > 0) told.push(`keep ${deadLetters.length} letters`)
        else told.push(`store ${events.length}`)
        return isStored
      },
      eventsStored: async () => true,
      gapsRecorded: async () => true,
      hasRefused: (event) => 'seq' in event && refused.has(event.seq),
    },
    onPage: () => {},
    onEvents: (events) => {
      counted += events
    },
    onFilled: (_gap, { state }, events) => told.push(`${state} with ${events}`),
    onOutOfReach: () => told.push('out of reach'),
    onUnexplained: (events) => told.push(`${events} unexplained`),
    onRefused: (fault) => told.push(fault),
  })
  const run = (isFirst = true) => repair.run(STREAM, isFirst, new AbortController().signal)
  return { told, run, asked: () => asked, counted: () => counted }
}

describe('a repair of a stream', () => {
  it('stores what was missed before it fills the gap', async () => {
    const { told, run } = setUp([HONEST])
    expect(await run()).toBe(true)
    expect(told).toEqual(['store 30', 'fill 300 to 710', 'filled with 30'])
  })

  it('stores an event once that was missed in two gaps, as those of two collectors are', async () => {
    const { told, run } = setUp([HONEST], { gaps: [GAP, GAP] })
    expect(await run()).toBe(true)
    const fill = 'fill 300 to 710'
    expect(told).toEqual(['store 30', fill, 'filled with 30', fill, 'filled with 0'])
  })

  it('does nothing for a gap that was filled in part, when a page reaches no more of it', async () => {
    const rest = [{ startTs: T0 + 300, endTs: T0 + 400 }]
    const reached = trades(410, 900, 'rest')
    const other = { ...GAP, startTs: T0 + 500, rest: [{ ...BOUNDS, startTs: T0 + 500 }] }
    const gaps: StoredGap[] = [{ ...GAP, state: 'partial', rest }, other]
    const { told, run } = setUp([reached], { gaps })
    expect(await run()).toBe(true)
    expect(told).toEqual(['store 29', 'fill 700 to 710', 'partial with 0'])
  })

  it('leaves the times open of which the database refuses a trade, and neither counts it nor asks again', async () => {
    const { told, run, counted } = setUp([HONEST], { refused: new Set([450, 690]) })
    expect(await run()).toBe(true)
    const fills = ['fill 300 to 449', 'fill 451 to 689', 'fill 691 to 710']
    expect(told).toEqual(['store 30', ...fills, 'partial with 28'])
    expect(counted()).toBe(28)
    expect(await run()).toBe(true)
    expect(told.slice(5)).toEqual(['store 28', ...fills, 'partial with 28'])
  })

  it('reads no more of what is stored than pages could have, and stores nothing then', async () => {
    const { told, run } = setUp([HONEST], { isFlooded: true })
    expect(await run()).toBe(false)
    expect(told).toEqual([expect.stringMatching(/^far more events are stored/)])
  })

  it('fills nothing when the rows could not be stored, and is tried again', async () => {
    const { told, run } = setUp([HONEST], { isStored: false })
    expect(await run()).toBe(false)
    expect(told).toEqual(['store 30'])
  })

  it('stores what an incomplete page has, and fills nothing', async () => {
    const { told, run } = setUp([HONEST, HONEST.filter(({ seq }) => seq !== 550)])
    expect(await run()).toBe(false)
    expect(told).toEqual([expect.stringMatching(/one of two pages has .*t550/), 'store 30'])
  })

  it('stores nothing of pages that contradict each other, even if they are short', async () => {
    const odd = HONEST.map((event) =>
      event.seq === 550 ? { ...event, price: '1' as Decimal } : event,
    )
    for (const options of [{}, { isFull: false, older: true }]) {
      const { told, run } = setUp([HONEST, odd], options)
      expect(await run()).toBe(false)
      expect(told).toEqual([expect.stringMatching(/^price of .*t550 differs/)])
    }
  })

  it('keeps the rows that cannot be read, once', async () => {
    const { told, run } = setUp([HONEST], { letters: 2 })
    expect(await run()).toBe(false)
    expect(await run(false)).toBe(false)
    expect(told.filter((text) => text.startsWith('keep'))).toEqual(['keep 2 letters'])
  })

  it('stores what was missed outside of every gap, between what was captured live', async () => {
    const gap = { ...GAP, startTs: T0 + 500, rest: [{ ...BOUNDS, startTs: T0 + 500 }] }
    const page = [...trades(0, 1000, 'rest'), trade(5000, 'rest')]
    const { told, run } = setUp([page], { gaps: [gap] })
    expect(await run()).toBe(true)
    expect(told).toContain('store 20')
    expect(told.slice(-2)).toEqual(['store 10', '10 unexplained'])
    const newest = setUp([[...page, trade(4500, 'rest')].toSorted((a, b) => a.seq - b.seq)])
    expect(await newest.run()).toBe(true)
    expect(newest.told.join()).not.toContain('unexplained')
  })

  it('takes no row of another stream', async () => {
    const { told, run } = setUp([[...HONEST, trade(905, 'rest', 'ETHUSDT')]])
    expect(await run()).toBe(false)
    expect(told[0]).toBe('1 rows cannot be read or are of another stream')
    expect(told).toHaveLength(2)
  })

  it('takes a short page for a lie where older events are stored', async () => {
    const { told, run } = setUp([HONEST], { isFull: false, older: true })
    expect(await run()).toBe(false)
    expect(told).toEqual(['a page is short, though older events are stored', 'store 30'])
  })

  it('reads further pages until two meet what came after the gap, then gives up for now', async () => {
    const late = setUp([trades(0, 700, 'rest'), trades(0, 700, 'rest'), HONEST])
    expect(await late.run()).toBe(true)
    expect(late.asked()).toBe(4)
    expect(late.told).toContain('fill 300 to 710')
    const never = setUp([trades(0, 700, 'rest')])
    expect(await never.run()).toBe(false)
    expect(never.asked()).toBe(5)
  })

  it('asks for nothing again while nothing is stored that came after the gap', async () => {
    const { run, asked } = setUp([HONEST])
    expect(await run(false)).toBe(false)
    expect(asked()).toBe(0)
  })

  it('leaves a gap that no page reaches any longer', async () => {
    const { told, run } = setUp([trades(720, 900, 'rest')])
    expect(await run()).toBe(true)
    expect(told).toEqual(['out of reach'])
  })
})
