import type { Gap, PublicChannel } from '@grid/core-events'
import { PUBLIC_CHANNELS } from '@grid/core-events'
import { expect, it } from 'vitest'
import { StartGaps } from '../../src/market/start-gaps.ts'

const [CHANNEL = 'none' as PublicChannel] = PUBLIC_CHANNELS
const STREAM = { category: 'linear', channel: CHANNEL, symbol: 'BTCUSDT' } as const
const STORED = new Map([['BTCUSDT', 1000]])

function setUp() {
  const gaps: Gap[] = []
  return { gaps, starts: new StartGaps((gap) => gaps.push(gap)) }
}

it('a stream has one gap, from its last stored event until it is first live, in any order', () => {
  const gap = { ...STREAM, startTs: 1000, endTs: 5000, reason: 'start' }
  const liveFirst = setUp()
  liveFirst.starts.onLive(STREAM, 5000)
  liveFirst.starts.onStored('linear', CHANNEL, STORED)
  liveFirst.starts.onLive(STREAM, 9000)
  expect(liveFirst.gaps).toEqual([gap])
  const storedFirst = setUp()
  storedFirst.starts.onStored('linear', CHANNEL, STORED)
  storedFirst.starts.onLive(STREAM, 5000)
  expect(storedFirst.gaps).toEqual([gap])
})

it('a stream of several topics has missed something until the last of them is live', () => {
  const judged = (isStoredFirst: boolean) => {
    const { gaps, starts } = setUp()
    const stored = () => starts.onStored('linear', CHANNEL, STORED)
    if (isStoredFirst) stored()
    starts.onLive(STREAM, 5000, 'tickers.BTCUSDT')
    starts.onLive(STREAM, 7000, 'orderbook.1.BTCUSDT')
    if (!isStoredFirst) stored()
    // Live again, after a lost connection of its own gap.
    starts.onLive(STREAM, 9000, 'tickers.BTCUSDT')
    return gaps.map(({ startTs, endTs }) => [startTs, endTs])
  }
  expect(judged(true)).toEqual([
    [1000, 5000],
    [5000, 7000],
  ])
  expect(judged(false)).toEqual([[1000, 7000]])
})

it('only the first time counts: an instrument added to a stream of several makes no second gap', () => {
  const { gaps, starts } = setUp()
  const coin = { category: 'option', channel: CHANNEL, symbol: 'BTC' } as const
  starts.onStored('option', CHANNEL, new Map([['BTC', 1000]]))
  starts.onLive(coin, 5000)
  starts.onStored('option', CHANNEL, new Map([['BTC', 500]]))
  expect(gaps).toMatchObject([{ symbol: 'BTC', startTs: 1000, endTs: 5000 }])
})

it('every variant of a channel has its own gap', () => {
  const { gaps, starts } = setUp()
  starts.onLive({ ...STREAM, variant: '1' }, 5000)
  starts.onStored('linear', CHANNEL, STORED)
  starts.onLive({ ...STREAM, variant: 'D' }, 6000)
  expect(gaps.map(({ variant, endTs }) => [variant, endTs])).toEqual([
    ['1', 5000],
    ['D', 6000],
  ])
})

it('a stream of which nothing is stored has no gap, nor has another category', () => {
  const { gaps, starts } = setUp()
  starts.onLive(STREAM, 5000)
  starts.onStored('spot', CHANNEL, STORED)
  starts.onStored('linear', CHANNEL, new Map())
  expect(gaps).toEqual([])
})

it('a symbol that comes back has a gap again', () => {
  const { gaps, starts } = setUp()
  starts.onStored('linear', CHANNEL, STORED)
  starts.onLive(STREAM, 5000)
  starts.forget('linear', 'BTCUSDT')
  starts.onStored('linear', CHANNEL, new Map([['BTCUSDT', 6000]]))
  starts.onLive(STREAM, 8000)
  expect(gaps.map(({ startTs, endTs }) => [startTs, endTs])).toEqual([
    [1000, 5000],
    [6000, 8000],
  ])
})

it('a clock that is behind makes no gap shorter: the first data tell when the stream was live', () => {
  const bounds = ({ gaps }: ReturnType<typeof setUp>) =>
    gaps.map(({ startTs, endTs }) => [startTs, endTs])
  const before = setUp()
  before.starts.onStored('linear', CHANNEL, STORED)
  before.starts.onLive(STREAM, 400)
  expect(before.gaps).toEqual([])
  expect(before.starts.awaitsData).toBe(true)
  before.starts.onData(STREAM, 500, 3500)
  before.starts.onData(STREAM, 600, 9600)
  expect(bounds(before)).toEqual([[1000, 4400]])
  expect(before.starts.awaitsData).toBe(false)

  const within = setUp()
  within.starts.onStored('linear', CHANNEL, STORED)
  within.starts.onLive(STREAM, 5000)
  within.starts.onData(STREAM, 5100, 8100)
  expect(bounds(within)).toEqual([
    [1000, 5000],
    [5000, 9000],
  ])

  const dataFirst = setUp()
  dataFirst.starts.onLive(STREAM, 5000)
  dataFirst.starts.onData(STREAM, 5100, 8100)
  dataFirst.starts.onStored('linear', CHANNEL, STORED)
  expect(bounds(dataFirst)).toEqual([[1000, 9000]])

  const right = setUp()
  right.starts.onStored('linear', CHANNEL, STORED)
  right.starts.onLive(STREAM, 5000)
  right.starts.onData(STREAM, 5100, 5090)
  expect(bounds(right)).toEqual([[1000, 5000]])
})

it('an absurd time of the first data makes no gap: the next ones tell how far the clock is behind', () => {
  const { gaps, starts } = setUp()
  starts.onStored('linear', CHANNEL, STORED)
  starts.onLive(STREAM, 5000)
  starts.onData(STREAM, 5100, 5100 + 6 * 3_600_000)
  expect(gaps).toHaveLength(1)
  starts.onData(STREAM, 5200, 8200)
  expect(gaps.map(({ startTs, endTs }) => [startTs, endTs])).toEqual([
    [1000, 5000],
    [5000, 9000],
  ])
})

it('nothing is awaited of a symbol that is forgotten', () => {
  const { starts } = setUp()
  starts.onLive(STREAM, 5000)
  starts.forget('linear', 'BTCUSDT')
  expect(starts.awaitsData).toBe(false)
})
