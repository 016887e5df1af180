import type { Category, PublicEvent, PublicTradeEvent } from '@grid/core-events'
import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type BinLength,
  type GridDatabase,
  migrate,
  PublicTradeRepository,
  readMarket,
  TickerSnapshotRepository,
} from '../../src/index.ts'
import { DATABASES, type OpenedDatabase, START_TIMEOUT_MS } from '../support/databases.ts'
import { collect, decimal, ticker, trade } from '../support/events.ts'

const category = 'linear'
const MINUTE = 60_000
const DAY = 86_400_000
/** A minute before midnight. */
const START = Date.UTC(2025, 9, 10) - MINUTE
const MULTI_BYTE = '币安人生USDT'
const ASTRAL = '𝒳USDT'
const SYMBOLS = ['BTCUSDT', 'ETHUSDT', MULTI_BYTE, ASTRAL]

/** Trades and tickers that share instants across symbols, channels and midnight. */
function market(): { trades: PublicTradeEvent[]; tickers: ReturnType<typeof ticker>[] } {
  const at = (n: number): number => START + Math.floor(n / 3) * 400
  const trades = Array.from({ length: 900 }, (_, n) =>
    trade({
      symbol: SYMBOLS[n % SYMBOLS.length] as string,
      tradeId: `t${n * 7919}`,
      exchangeTs: at(n),
      seq: n % 5 === 0 ? -1 : 1000 - (n % 7),
      matchIndex: n % 2,
      price: decimal(`${100 + ((n * 31) % 50)}.0000000000000000${10 + (n % 89)}`),
      size: decimal(`0.${(n % 13) + 1}`),
    }),
  )
  const tickers = Array.from({ length: 600 }, (_, n) =>
    ticker({
      symbol: SYMBOLS[n % 3] as string,
      exchangeTs: at(n),
      seq: 1 + (n % 4),
      isSnapshot: n % 50 === 0,
      markPrice: decimal(`${n}.5`),
    }),
  )
  return { trades, tickers }
}

/** The documented total order, computed in another way than by the code. */
function inTotalOrder(events: readonly PublicEvent[]): PublicEvent[] {
  const key = (event: PublicEvent): (number | string)[] => [
    event.exchangeTs,
    Buffer.from(event.symbol).toString('hex'),
    event.channel === 'publicTrade' ? 0 : 1,
    event.seq,
    ...(event.channel === 'publicTrade'
      ? [event.matchIndex, event.tradeId]
      : [event.isSnapshot ? 0 : 1]),
  ]
  const keyed = events.map((event) => ({ event, key: key(event) }))
  keyed.sort((a, b) => {
    const place = a.key.findIndex((part, index) => part !== b.key[index])
    if (place < 0) return 0
    return (a.key[place] as number) < (b.key[place] as number) ? -1 : 1
  })
  return keyed.map(({ event }) => event)
}

describe.each(DATABASES)('reads of %s', (_, open) => {
  let opened: OpenedDatabase
  let db: Kysely<GridDatabase>
  let trades: PublicTradeRepository
  let tickers: TickerSnapshotRepository
  const sent = market()
  beforeAll(async () => {
    opened = await open()
    db = opened.db
    await migrate(db)
    trades = new PublicTradeRepository(db)
    tickers = new TickerSnapshotRepository(db)
    await trades.bulkInsert(sent.trades)
    await tickers.bulkInsert(sent.tickers)
    // Years earlier, so that empty windows have to be skipped.
    await trades.bulkInsert([trade({ symbol: 'OLD', exchangeTs: Date.UTC(2020, 1, 29) })])
    await trades.bulkInsert([trade({ symbol: 'OLD', exchangeTs: START })])
  }, START_TIMEOUT_MS)
  afterAll(() => opened.close())

  it('a market is read in one total order, with any size of page', async () => {
    const interval = { from: START + 400, to: START + 100_000 }
    const expected = inTotalOrder([...sent.trades, ...sent.tickers]).filter(
      ({ exchangeTs }) => exchangeTs >= interval.from && exchangeTs < interval.to,
    )
    expect(expected.length).toBeGreaterThan(1000)
    for (const pageSize of [undefined, 1, 7, 1000]) {
      const read = await collect(
        readMarket(db, {
          category,
          symbols: [...SYMBOLS].reverse(),
          channels: ['ticker', 'publicTrade'],
          ...interval,
          ...(pageSize === undefined ? {} : { pageSize }),
        }),
      )
      expect(read).toEqual(expected)
    }
  })

  it('a market has the named symbols and channels only, each event once', async () => {
    const symbols = ['ETHUSDT', 'ETHUSDT', 'NONE']
    const query = { category, symbols, from: 0, to: Number.MAX_SAFE_INTEGER } as const
    const read = await collect(readMarket(db, { ...query, channels: ['ticker', 'ticker'] }))
    expect(read).toEqual(inTotalOrder(sent.tickers.filter(({ symbol }) => symbol === 'ETHUSDT')))
    expect(await collect(readMarket(db, { ...query, channels: [] }))).toEqual([])
    const both = ['ticker', 'publicTrade'] as const
    expect(await collect(readMarket(db, { ...query, symbols: [], channels: both }))).toEqual([])
  })

  it('an infinite time is refused, and one beyond exact microseconds is read exactly', async () => {
    const symbol = 'FAR'
    const range = { category, symbol, from: START, to: START + DAY } as const
    await trades.bulkInsert([trade({ symbol, exchangeTs: START })])
    const setTime = (time: string) =>
      sql`update public_trades set local_ts = ${time} where symbol = ${symbol}`.execute(db)
    await setTime('9999-12-31T00:00Z')
    expect(await collect(trades.range(range))).toMatchObject([
      { localTsUs: 253_402_214_400_000_000 },
    ])
    for (const time of ['infinity', '-infinity']) {
      await setTime(time)
      await expect(collect(trades.range(range))).rejects.toThrow('an infinite time is stored')
    }
    await sql`delete from public_trades where symbol = ${symbol}`.execute(db)
  })

  it('years without rows are skipped', async () => {
    const query = { category, symbol: 'OLD', from: 0, to: Number.MAX_SAFE_INTEGER } as const
    const read = await collect(trades.range(query))
    expect(read.map(({ exchangeTs }) => exchangeTs)).toEqual([Date.UTC(2020, 1, 29), START])
    expect((await trades.endTimes({ category, symbols: ['OLD', 'NONE'] })).get('OLD')).toEqual({
      firstTs: Date.UTC(2020, 1, 29),
      lastTs: START,
    })
  })

  it('finds the symbols that have rows, by category', async () => {
    const times = { from: START + 400, to: START + 100_000 }
    const sorted = SYMBOLS.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    expect(await trades.symbols({ category, ...times })).toEqual(sorted)
    expect(await trades.symbols({ category, from: 0, to: START })).toEqual(['OLD'])
    expect(await trades.symbols({ category: 'spot', ...times })).toEqual([])
  })

  it('asOf gives the newest row at or before a time', async () => {
    const symbols = [...SYMBOLS, 'NONE']
    const ordered = inTotalOrder(sent.tickers)
    const newestAt = (at: number, maxAgeMs = Infinity): Map<string, PublicEvent> =>
      new Map(
        ordered
          .filter(({ exchangeTs }) => exchangeTs <= at && exchangeTs >= at - maxAgeMs)
          .map((event) => [event.symbol, event]),
      )
    for (const at of [START - 1, START, START + 399, START + 400, START + MINUTE, START + DAY]) {
      expect(await tickers.asOf({ category, symbols, at })).toEqual(newestAt(at))
      const maxAgeMs = 500
      expect(await tickers.asOf({ category, symbols, at, maxAgeMs })).toEqual(newestAt(at, 500))
    }
    expect(await tickers.latest({ category, symbols })).toEqual(newestAt(START + DAY))
    expect((await trades.latest({ category, symbols: ['OLD'] })).get('OLD')?.exchangeTs).toBe(START)
  })

  it('a trade is found by its id, with and without its time', async () => {
    const { symbol, tradeId, exchangeTs } = sent.trades[100] as PublicTradeEvent
    const id = { category, symbol, tradeId } as const
    const time = { from: exchangeTs, to: exchangeTs + 1 }
    expect(await trades.exists(id)).toBe(true)
    expect(await trades.exists({ ...id, ...time })).toBe(true)
    expect(await trades.exists({ ...id, ...time, to: exchangeTs })).toBe(false)
    expect(await trades.exists({ ...id, category: 'spot' })).toBe(false)
    expect(await trades.exists({ ...id, tradeId: `${tradeId}x` })).toBe(false)
  })

  it.each<BinLength>(['1s', '1m', '90m', '1d'])('bars of %s are exact', async (length) => {
    const ofSymbol = inTotalOrder(sent.trades.filter(({ symbol }) => symbol === 'BTCUSDT'))
    const query = { category, symbol: 'BTCUSDT', from: START + 1, to: START + 119_999 } as const
    const expected = expectedBars(ofSymbol as PublicTradeEvent[], length)
    expect(await collect(trades.bars(query, length))).toEqual(expected)
    const counts = expected.map(({ startTs, count }) => ({ startTs, count }))
    expect(await collect(trades.counts(query, length))).toEqual(counts)
    expect(expected.length).toBeGreaterThan(1)
  })

  it('a length that does not divide a day and a page size of 0 are refused', () => {
    const query = { category, symbol: 'BTCUSDT', from: START, to: START + DAY } as const
    for (const length of ['7s', '0s', '2d', '1.5m', '1', '-1m'] as BinLength[]) {
      expect(() => trades.bars(query, length)).toThrow(`"${length}" is not a whole number`)
    }
    for (const pageSize of [0, -1, 1.5, Number.NaN]) {
      expect(() => trades.range({ ...query, pageSize })).toThrow(`pageSize ${pageSize} is not`)
    }
  })

  it('inverse bars have no turnover; a symbol without trades has no bars', async () => {
    const inverse: Category = 'inverse'
    await trades.bulkInsert([trade({ category: inverse, symbol: 'BTCUSD', exchangeTs: START })])
    const query = { category: inverse, symbol: 'BTCUSD', from: START, to: START + 1 }
    const [bar, ...more] = await collect(trades.bars(query, '4h'))
    expect(more).toEqual([])
    expect(bar).toMatchObject({ turnover: null, volume: '0.003', count: 1 })
    expect(await collect(trades.bars({ ...query, symbol: 'NONE' }, '1m'))).toEqual([])
  })
})

/** Bars computed with integers of 18 decimals. */
function expectedBars(ordered: readonly PublicTradeEvent[], length: string) {
  const unit = { s: 1000, m: MINUTE, d: DAY }[length.slice(-1)] as number
  const bins = Map.groupBy(ordered, ({ exchangeTs }) => {
    const binMs = Number(length.slice(0, -1)) * unit
    return Math.floor(exchangeTs / binMs) * binMs
  })
  const big = (text: string): bigint => {
    const [whole, fraction = ''] = text.split('.')
    return BigInt(`${whole}${fraction.padEnd(18, '0')}`)
  }
  const text = (value: bigint, scale: number): string => {
    const digits = value.toString().padStart(scale + 1, '0')
    return `${digits.slice(0, -scale)}.${digits.slice(-scale)}`
  }
  return [...bins].map(([startTs, inBin]) => {
    const prices = inBin.map(({ price }) => price)
    const byPrice = prices.toSorted((a, b) => (big(a) < big(b) ? -1 : 1))
    const sizeScale = Math.max(...inBin.map(({ size }) => size.length - 2))
    const volume = inBin.reduce((sum, { size }) => sum + big(size), 0n)
    const turnover = inBin.reduce((sum, { price, size }) => sum + big(price) * big(size), 0n)
    return {
      startTs,
      open: prices[0],
      high: byPrice.at(-1),
      low: byPrice[0],
      close: prices.at(-1),
      volume: text(volume / 10n ** BigInt(18 - sizeScale), sizeScale),
      turnover: text(turnover / 10n ** BigInt(18 - sizeScale), 18 + sizeScale),
      count: inBin.length,
    }
  })
}
