import type { Decimal, PublicTradeEvent } from '@grid/core-events'
import { describe, expect, it } from 'vitest'
import { type Page, provenPart, provePages } from '../../src/repair/page-proof.ts'

const T0 = 1_760_000_000_000

/** A trade `at` milliseconds after the start. */
function trade(at: number, changes: Partial<PublicTradeEvent> = {}): PublicTradeEvent {
  return {
    channel: 'publicTrade',
    category: 'linear',
    symbol: 'BTCUSDT',
    exchangeTs: T0 + at,
    localTsUs: (T0 + at) * 1000,
    source: 'rest',
    tradeId: `t${at}`,
    side: 'Buy',
    price: '100' as Decimal,
    size: '1' as Decimal,
    tickDirection: null,
    isBlockTrade: false,
    isRpiTrade: false,
    seq: at,
    matchIndex: -1,
    markPrice: null,
    indexPrice: null,
    markIv: null,
    iv: null,
    ...changes,
  }
}

/** A trade each 10 ms. */
const trades = (first: number, end: number): PublicTradeEvent[] =>
  Array.from({ length: (end - first) / 10 }, (_, index) => trade(first + index * 10))
const live = (first: number, end: number): PublicTradeEvent[] =>
  trades(first, end).map((event) => ({
    ...event,
    source: 'ws',
    tickDirection: 'PlusTick',
    matchIndex: 0,
  }))
const page = (events: readonly PublicTradeEvent[], changes: Partial<Page> = {}): Page => ({
  events,
  unreadable: 0,
  isFull: true,
  isMixed: false,
  ...changes,
})

/** Stored live up to 400 and from 700 on; between these nothing is stored. */
const STORED = [...live(0, 400), ...live(700, 1000)]
const GAP = { startTs: T0 + 300, endTs: T0 + 710 }
const without = (place: number) => trades(100, 900).filter(({ seq }) => seq !== place)
const judge = (pages: readonly Page[], stored: readonly PublicTradeEvent[] = STORED) => {
  const result = provePages(pages, stored)
  return 'fault' in result ? result.fault : provenPart(result, GAP)
}

describe('pages that agree with what is stored', () => {
  it('fill a gap that they reach past, with a stored trade on both sides', () => {
    expect(judge([page(trades(100, 900)), page(trades(130, 950))])).toEqual(GAP)
  })

  it('fill the rest from where two of them are complete: a full page may be cut in its oldest instant', () => {
    const pages = [page(trades(400, 900)), page(trades(450, 950)), page(trades(480, 990))]
    expect(judge(pages)).toEqual({ startTs: T0 + 451, endTs: GAP.endTs })
  })

  it('of several instruments fill nothing up to less than a second before their newest trade, as others may follow', () => {
    const mixed = (end: number) => page(trades(-2000, end), { isMixed: true })
    const stored = [...live(-2000, 400), ...live(700, 2000)]
    expect(judge([mixed(900), mixed(1700), mixed(1710)], stored)).toBeNull()
    expect(judge([mixed(900), mixed(1720)], stored)).toBeNull()
    expect(judge([mixed(900), mixed(1720), mixed(1730)], stored)).toEqual(GAP)
  })

  it('fill nothing when the first differs from the last, whatever came between them', () => {
    const old = page(trades(100, 450))
    const last = page(trades(100, 950))
    expect(judge([page(without(550)), old, last])).toMatch(/one of two pages has .*t550/)
  })

  it('fill nothing by an old page and one that has moved on, nor what lies between two such pairs', () => {
    const [old, moved] = [page(trades(100, 450)), page(trades(500, 900))]
    expect(judge([old, moved])).toBeNull()
    const part = { startTs: T0 + 501, endTs: GAP.endTs }
    expect(judge([old, old, moved, moved])).toEqual(part)
    expect(judge([page(trades(100, 450)), page(trades(100, 900)), moved])).toEqual(part)
    const overlapping = page(trades(400, 900))
    expect(judge([old, old, overlapping, overlapping])).toEqual(GAP)
  })

  it('fill nothing when they end before the gap does', () => {
    expect(judge([page(trades(100, 700)), page(trades(100, 700))])).toBeNull()
    expect(judge([page(trades(100, 710)), page(trades(110, 710))])).toBeNull()
  })

  it('fill nothing when they no longer reach the gap', () => {
    expect(judge([page(trades(720, 900)), page(trades(730, 950))])).toBeNull()
  })

  it('need a trade that was captured live on either side: what REST brought is no witness of REST', () => {
    const pages = [page(trades(100, 900)), page(trades(130, 950))]
    const ofRest = (events: readonly PublicTradeEvent[]) =>
      events.map((event): PublicTradeEvent => ({ ...event, source: 'rest' }))
    expect(judge(pages, [...live(0, 400), ...ofRest(live(700, 1000))])).toBeNull()
    expect(judge(pages, [...ofRest(live(0, 400)), ...live(700, 1000)])).toEqual({
      startTs: T0 + 700,
      endTs: GAP.endTs,
    })
  })

  it.each([
    ['100.50', '100.5', '100'],
    // The exchange writes tiny prices so; the database gives them back in digits.
    ['0.00000015', '1.50E-7', '1.5E-8'],
  ])('may write a number in another form than the socket did: %s as %s', (known, same, other) => {
    const priced = (events: readonly PublicTradeEvent[], price: string) =>
      events.map((event) => ({ ...event, price: price as Decimal }))
    const stored = priced(STORED, known)
    const events = priced(trades(100, 900), same)
    expect(judge([page(events), page(events)], stored)).toEqual(GAP)
    const others = priced(events, other)
    expect(judge([page(others), page(others)], stored)).toMatch(
      /^price of .* differs from what is stored or another page has/,
    )
  })

  it('may be short when they are the whole history', () => {
    const pages = [page(trades(0, 900), { isFull: false }), page(trades(0, 950), { isFull: false })]
    expect(judge(pages)).toEqual(GAP)
  })

  it('may hold several instruments, which are a little out of order at either end', () => {
    const isMixed = true
    const stored = [...live(0, 3000), ...live(3300, 9000)]
    const gap = { startTs: T0 + 2900, endTs: T0 + 3310 }
    const events = [trade(990), ...trades(1000, 8000).filter(({ seq }) => seq !== 1010)]
    const result = provePages([page(events, { isMixed }), page(events, { isMixed })], stored)
    expect('fault' in result ? result.fault : provenPart(result, gap)).toEqual(gap)
  })
})

describe('pages that leave something out', () => {
  const honest = page(trades(100, 900))

  it.each<[string, number, RegExp]>([
    ['a stored trade before the gap', 200, /lacks .*t200, which is stored/],
    ['the last stored trade before the outage', 390, /lacks .*t390/],
    ['the first stored trade after it', 700, /lacks .*t700/],
    ['a stored trade after the gap', 850, /lacks .*t850/],
    ['a missed trade that the other page has', 550, /one of two pages has .*t550/],
    ['the first missed trade', 400, /one of two pages has .*t400/],
    ['the last missed trade', 690, /one of two pages has .*t690/],
  ])('fill nothing: %s', (_what, place, fault) => {
    expect(judge([page(without(place)), honest])).toMatch(fault)
    expect(judge([honest, page(without(place))])).toMatch(fault)
  })

  it('fill nothing when a page is empty or cannot be read whole', () => {
    expect(judge([honest, page([], { isFull: false })])).toBe('the page is empty')
    expect(judge([page(trades(100, 900), { unreadable: 2 }), honest])).toBe(
      '2 rows cannot be read or are of another stream',
    )
  })

  describe('nor when they contradict', () => {
    const changed = (place: number, changes: Partial<PublicTradeEvent>) =>
      page(trades(100, 900).map((event) => (event.seq === place ? trade(place, changes) : event)))
    const price = { price: '101' as Decimal }
    const time = { exchangeTs: T0 + 551 }

    it.each<[string, readonly Page[], string]>([
      ['a stored trade', [changed(200, price), honest], 'price of .*t200'],
      ['each other in a missed trade', [honest, changed(550, price)], 'price of .*t550'],
      [
        'each other, one of three',
        [honest, changed(550, { side: 'Sell' }), honest],
        'side of .*t550',
      ],
      ['themselves', [page([...trades(100, 900), trade(550, price)]), honest], 'price of .*t550'],
      ['each other in a time', [changed(550, time), honest], 'exchangeTs of .*t550'],
      [
        'the time of a stored trade',
        [changed(200, { exchangeTs: T0 + 201 }), honest],
        'exchangeTs of .*t200',
      ],
      [
        'a stored trade, and one leaves another out',
        [page(without(200)), changed(300, price)],
        't300',
      ],
    ])('%s', (_what, pages, fault) => {
      expect(provePages(pages, STORED)).toEqual({
        fault: expect.stringMatching(`${fault} differs from what is stored or another page has`),
        isContradiction: true,
      })
    })
  })
})
