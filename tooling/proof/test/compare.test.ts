import { startSimulator, type TickerTruth, type TradeTruth } from '@grid/bybit-sim'
import {
  type Decimal,
  type PublicTradeEvent,
  TICKER_FIELD_NAMES,
  TICKER_FIELDS,
  type TickerEvent,
} from '@grid/core-events'
import {
  CaptureGapRepository,
  createDatabase,
  type GridDatabase,
  migrate,
  PublicTradeRepository,
  TickerSnapshotRepository,
} from '@grid/db'
import { createTestDatabase } from '@grid/testing'
import type { Kysely } from 'kysely'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { compareWithTruth } from '../src/index.ts'

let db: Kysely<GridDatabase>
let drop: () => Promise<void>
let trades: TradeTruth[]
let tick: TickerTruth

beforeEach(async () => {
  const database = await createTestDatabase(inject('postgresUrl'))
  db = createDatabase({ url: database.url })
  drop = database.drop
  await migrate(db)
  await using sim = await startSimulator({ paused: true, seed: 5, symbols: ['BTCUSDT'] })
  trades = sim.trade({ symbol: 'BTCUSDT', count: 3 }).map((trade) => ({ ...trade, sentTo: [1] }))
  tick = { ...sim.tick('BTCUSDT', { markPrice: '100000.41' }), sentTo: [1] }
})
afterEach(async () => {
  await db.destroy()
  await drop()
})

function tradeEvent(truth: TradeTruth): PublicTradeEvent {
  return {
    channel: 'publicTrade',
    category: truth.category,
    symbol: truth.symbol,
    exchangeTs: truth.exchangeTs,
    localTsUs: truth.producedAtUs + 10,
    source: 'ws',
    tradeId: truth.tradeId,
    side: truth.side,
    price: truth.price as Decimal,
    size: truth.size as Decimal,
    tickDirection: truth.tickDirection,
    isBlockTrade: truth.isBlockTrade,
    isRpiTrade: truth.isRpiTrade,
    seq: truth.seq,
    matchIndex: truth.matchIndex,
    markPrice: null,
    indexPrice: null,
    markIv: null,
    iv: null,
  }
}

function tickerEvent(truth: TickerTruth): TickerEvent {
  const wire: Readonly<Record<string, string>> = truth.values
  const values = TICKER_FIELD_NAMES.map((name) => {
    const text = wire[name]
    const isNumber = TICKER_FIELDS[name].kind === 'timestamp'
    return [name, !text ? null : isNumber ? Number(text) : text]
  })
  return {
    ...Object.fromEntries(values),
    channel: 'ticker',
    category: truth.category,
    symbol: truth.symbol,
    exchangeTs: truth.exchangeTs,
    localTsUs: truth.producedAtUs + 10,
    source: 'ws',
    seq: truth.seq,
    isSnapshot: truth.isSnapshot,
    changed: 2 ** TICKER_FIELDS.markPrice.bit,
    extra: null,
  } as TickerEvent
}

async function store(stored: readonly PublicTradeEvent[], ticker = tickerEvent(tick)) {
  await new PublicTradeRepository(db).bulkInsert(stored)
  await new TickerSnapshotRepository(db).bulkInsert([ticker])
  return compareWithTruth(db, [...trades, tick])
}

describe('compareWithTruth', () => {
  it('finds nothing if everything is stored as it was sent', async () => {
    expect(await store(trades.map(tradeEvent))).toEqual({
      trades: { sent: 3, stored: 3 },
      tickers: { sent: 1, stored: 1 },
      missing: 0,
      unexpected: 0,
      different: 0,
      unsent: 0,
      repaired: 0,
      unsentOutsideGaps: 0,
      uncovered: [],
      neverSent: [],
      samples: [],
    })
  })

  it('finds a missing row', async () => {
    const proof = await store(trades.slice(1).map(tradeEvent))
    expect(proof).toMatchObject({ missing: 1, unexpected: 0, different: 0 })
    expect(proof.samples[0]).toContain(trades[0]?.tradeId)
  })

  it('finds a row that was never sent', async () => {
    trades = trades.map((trade, index) => (index === 2 ? { ...trade, sentTo: [] } : trade))
    expect(await store(trades.map(tradeEvent))).toMatchObject({ missing: 0, unexpected: 1 })
  })

  it.each([
    ['price', { price: '1' as Decimal }],
    ['size', { size: '7.0' as Decimal }],
    ['side', { side: 'Other' }],
    ['tickDirection', { tickDirection: null }],
    ['isBlockTrade', { isBlockTrade: null }],
    ['seq', { seq: 1 }],
    ['matchIndex', { matchIndex: 9 }],
    ['source', { source: 'archive' as const }],
    ['localTsUs', { localTsUs: 1 }],
  ])('finds an altered %s', async (column, change) => {
    const [first, ...rest] = trades.map(tradeEvent)
    const proof = await store([{ ...first, ...change } as PublicTradeEvent, ...rest])
    expect(proof).toMatchObject({ missing: 0, unexpected: 0, different: 1 })
    expect(proof.samples[0]).toContain(column)
  })

  it.each([
    ['markPrice', { markPrice: '1' as Decimal }],
    ['lastPrice', { lastPrice: null }],
    ['changed', { changed: 1 }],
    ['extra', { extra: { a: 1 } }],
  ])('finds an altered ticker %s', async (column, change) => {
    const proof = await store(trades.map(tradeEvent), { ...tickerEvent(tick), ...change })
    expect(proof).toMatchObject({ missing: 0, unexpected: 0, different: 1 })
    expect(proof.samples[0]).toContain(column)
  })

  it('requires a recorded gap around an item that was sent to nobody', async () => {
    trades = trades.map((trade, index) => (index === 1 ? { ...trade, sentTo: [] } : trade))
    const [first, second, third] = trades
    if (first === undefined || second === undefined || third === undefined) throw new Error('three')
    const proof = await store([first, third].map(tradeEvent))
    expect(proof).toMatchObject({ missing: 0, unsent: 1, unsentOutsideGaps: 1 })
    expect(proof.uncovered).toEqual([
      expect.stringMatching(
        `linear BTCUSDT: 1 outside of gaps, from ${second.exchangeTs} to ${second.exchangeTs}$`,
      ),
    ])
    const gap = {
      category: 'linear' as const,
      channel: 'publicTrade' as const,
      symbol: 'BTCUSDT',
      startTs: second.exchangeTs,
      endTs: second.exchangeTs,
      reason: 'disconnect' as const,
    }
    await new CaptureGapRepository(db).insert([gap], { collector: 'test' })
    const gaps = new CaptureGapRepository(db)
    const covered = await compareWithTruth(db, [...trades, tick])
    expect(covered).toMatchObject({ unsent: 1, repaired: 0, unsentOutsideGaps: 0 })
    const [stored] = await gaps.list()
    await gaps.fill(stored?.id ?? '', gap)
    const claimed = await compareWithTruth(db, [...trades, tick])
    expect(claimed).toMatchObject({ unsent: 1, repaired: 0, unsentOutsideGaps: 1 })
    const unknown = { source: 'rest', tickDirection: null, matchIndex: -1 } as const
    await new PublicTradeRepository(db).bulkInsert([{ ...tradeEvent(second), ...unknown }])
    expect(await compareWithTruth(db, [...trades, tick])).toMatchObject({
      unsent: 1,
      repaired: 1,
      unsentOutsideGaps: 0,
      unexpected: 0,
      different: 0,
    })
  })

  it('finds a stream that ended without a gap, and one that never began', async () => {
    const [first, second, third] = trades
    if (first === undefined || second === undefined || third === undefined) throw new Error('three')
    trades = [first, { ...second, sentTo: [] }, { ...third, symbol: 'ETHUSDT', sentTo: [] }]
    const later = { ...tick, exchangeTs: second.exchangeTs + 1 }
    await new PublicTradeRepository(db).bulkInsert([tradeEvent(first)])
    await new TickerSnapshotRepository(db).bulkInsert([tickerEvent(later)])
    expect(await compareWithTruth(db, [...trades, later])).toMatchObject({
      missing: 0,
      unsentOutsideGaps: 1,
      neverSent: ['publicTrade linear ETHUSDT'],
    })
  })
})
