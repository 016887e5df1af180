import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrate, PublicTradeRepository, TickerSnapshotRepository } from '../../src/index.ts'
import { DATABASES, type OpenedDatabase, START_TIMEOUT_MS } from '../support/databases.ts'
import { T0, ticker, trade } from '../support/events.ts'

const HOUR = 3_600_000
const category = 'linear'

/** An event of `at` milliseconds after the start, received `lateMs` after that. */
const times = (at: number, lateMs = 10) => ({
  exchangeTs: T0 + at,
  localTsUs: (T0 + at + lateMs) * 1000,
  seq: at,
})

describe.each(DATABASES)('on %s', (_name, open) => {
  let opened: OpenedDatabase
  beforeAll(async () => {
    opened = await open()
    await migrate(opened.db)
  }, START_TIMEOUT_MS)
  afterAll(() => opened.close())

  /** Stores events one by one; gives the newest of a symbol and until when it counts as delivered. */
  async function newestOf(symbol: string, stored: readonly ReturnType<typeof times>[]) {
    const trades = new PublicTradeRepository(opened.db)
    const tickers = new TickerSnapshotRepository(opened.db)
    for (const event of stored) {
      await trades.bulkInsert([trade({ symbol, tradeId: `t${event.seq}`, ...event })])
      await tickers.bulkInsert([ticker({ symbol, ...event })])
    }
    const found: number[][] = []
    for (const repository of [trades, tickers]) {
      const newest = (await repository.latest({ category, symbols: [symbol] })).get(symbol)
      const lastTs = await repository.lastTs({ category, symbol })
      found.push([newest?.exchangeTs ?? 0, lastTs ?? 0].map((ts) => ts - T0))
      expect((await repository.endTimes({ category, symbols: [symbol] })).get(symbol)).toEqual({
        firstTs: Math.min(...stored.map(({ exchangeTs }) => exchangeTs)),
        lastTs: Math.max(...stored.map(({ exchangeTs }) => exchangeTs)),
      })
    }
    expect(found[0]).toEqual(found[1])
    return found[0]
  }

  it.each([6 * HOUR, 30 * HOUR, 61_000])(
    'an event %i ms ahead of its receipt does not hide those that came after it',
    async (ahead) => {
      const absurd = times(2000 + ahead, 10 - ahead)
      const stored = [times(0), times(1000), absurd, times(3000), times(4000)]
      expect(await newestOf(`HID${ahead}`, stored)).toEqual([4000, 4000])
    },
  )

  it('an absurd time of the last event counts as of its receipt', async () => {
    const absurd = times(6 * HOUR, 2000 - 6 * HOUR)
    expect(await newestOf('LAST', [times(0), absurd])).toEqual([6 * HOUR, 2000])
  })

  it('of what was received before a time the newest is given, whatever came later', async () => {
    const absurd = times(2000 + HOUR, 10 - HOUR)
    await newestOf('THEN', [times(0), times(1000), absurd, times(3000), times(4000)])
    const query = { category, symbols: ['THEN'] } as const
    for (const repository of [
      new PublicTradeRepository(opened.db),
      new TickerSnapshotRepository(opened.db),
    ]) {
      const lastBefore = async (at: number) => {
        const receivedBeforeUs = (T0 + at) * 1000
        const last = await repository.lastTsBySymbol({ ...query, receivedBeforeUs })
        return (last.get('THEN') ?? T0) - T0
      }
      expect(await lastBefore(4010)).toBe(3000)
      expect(await lastBefore(2020)).toBe(2010)
      expect(await lastBefore(2010)).toBe(1000)
      expect(await lastBefore(0)).toBe(0)
    }
  })

  it('where the clock is behind by minutes, the newest event is the newest all the same', async () => {
    const behind = [0, 1000, 2000].map((at) => times(at + 600_000, -120_000))
    expect(await newestOf('SLOW', [times(0), ...behind])).toEqual([602_000, 482_000])
  })
})
