import { startSimulator } from '@grid/bybit-sim'
import type { PublicTradeEvent } from '@grid/core-events'
import { expect, onTestFinished, test } from 'vitest'
import { readTradeArchive } from '../../src/index.ts'
import { SteppedClock } from '../support/stepped-clock.ts'

const DAY_MS = 86_400_000

test.each([
  ['linear', 'BTCUSDT', true],
  ['linear', 'BTCUSDT', false],
  ['inverse', 'BTCUSD', true],
  ['spot', 'ETHUSDT', true],
  ['spot', 'ETHUSDT', false],
  ['linear', '币安人生USDT', true],
  ['spot', '龙.5USDT', true],
] as const)(
  '%s %s: the archive (RPI: %s) holds every trade of the day, at its millisecond',
  async (category, symbol, archiveRpi) => {
    const clock = new SteppedClock()
    const sim = await startSimulator({
      seed: 3,
      symbols: ['BTCUSDT', '币安人生USDT'],
      inverse: ['BTCUSD'],
      spot: ['ETHUSDT', '龙.5USDT'],
      paused: true,
      clock,
      rules: { archiveRpi },
    })
    onTestFinished(() => sim.stop())
    const day = new Date(clock.nowMs).toISOString().slice(0, 10)
    const made = Array.from({ length: 60 }, () => {
      clock.advance(7)
      return sim.trade({ category, symbol, count: 5 })
    }).flat()

    const read = async (): Promise<readonly PublicTradeEvent[]> => {
      const events: PublicTradeEvent[] = []
      const where = { category, symbol, day, archiveUrl: sim.archiveUrl, clock }
      for await (const batch of readTradeArchive(where)) {
        expect(batch.deadLetters).toEqual([])
        events.push(...batch.events)
      }
      return events
    }
    await expect(read()).rejects.toMatchObject({ code: 'ARCHIVE_NOT_PUBLISHED' })
    clock.advance(DAY_MS + 2 * 3_600_000)
    const events = await read()
    // The archive has no spot ids: the trades themselves are compared.
    const idOf = (tradeId: string): string => (category === 'spot' ? '' : tradeId)
    const figures = events.map((event) =>
      [idOf(event.tradeId), event.exchangeTs, event.side, event.price, Number(event.size)].join(
        ' ',
      ),
    )
    const truth = made.map((trade) =>
      [idOf(trade.tradeId), trade.exchangeTs, trade.side, trade.price, Number(trade.size)].join(
        ' ',
      ),
    )
    expect(figures.toSorted()).toEqual(truth.toSorted())
    const rpi = events.map(({ isRpiTrade }) => isRpiTrade)
    expect(new Set(rpi).has(null)).toBe(!archiveRpi)
  },
)
