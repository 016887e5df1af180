import type { PublicTradeEvent } from '@grid/core-events'
import { expect, it } from 'vitest'
import { DroppedIntervals, momentOfEvent } from '../../src/pipeline/dropped-intervals.ts'

const T0 = 1_760_000_000_000
const STREAM = { category: 'linear', channel: 'publicTrade', symbol: 'BTCUSDT' } as const
const trade = (at: number, ahead = 0) =>
  ({ ...STREAM, exchangeTs: T0 + at + ahead, localTsUs: (T0 + at) * 1000 }) as PublicTradeEvent

it('ends by itself for each stream that drops nothing more', () => {
  const intervals = new DroppedIntervals()
  const ether = (at: number) => ({ ...STREAM, symbol: 'ETHUSDT', ts: T0 + at })
  intervals.note({ ...STREAM, ts: T0 })
  intervals.note(ether(0))
  expect(intervals.endCalm()).toEqual([])
  intervals.note(ether(1))
  expect(intervals.endCalm()).toMatchObject([{ symbol: 'BTCUSDT', startTs: T0, endTs: T0 }])
  expect(intervals.endCalm()).toMatchObject([{ symbol: 'ETHUSDT', startTs: T0, endTs: T0 + 1 }])
})

it('an event of an absurd time that finds no room makes no gap of years', () => {
  const intervals = new DroppedIntervals()
  for (const event of [trade(0), trade(10, 365 * 86_400_000), trade(20)]) {
    intervals.note(momentOfEvent(event))
  }
  expect(intervals.end()).toEqual([
    { ...STREAM, startTs: T0, endTs: T0 + 20, reason: 'queue_full' },
  ])
})
