import type { BybitRestClient } from '@grid/bybit-adapter'
import {
  type Instrument,
  instrumentFromJson,
  type JsonObject,
  systemClock,
} from '@grid/core-events'
import { expect, it } from 'vitest'
import { SymbolFollower } from '../../src/market/symbol-follower.ts'
import { isTraded, TradingInstruments } from '../../src/market/trading-instruments.ts'
import { HURRIED_CLOCK } from '../support/hurried-clock.ts'

interface Reading {
  readonly symbols: readonly string[]
  readonly unreadable?: number
  /** Unreadable rows that name their instrument. */
  readonly unread?: readonly string[]
  readonly end?: string
}

/** Follows a series of readings, one a poll. */
async function follow(...readings: readonly Reading[]) {
  const told: string[][] = []
  const failures: string[] = []
  let unreadable = 0
  const stop = new AbortController()
  const left = [...readings]
  const all = async () => {
    const reading = left.shift()
    if (reading === undefined) {
      stop.abort()
      throw new Error('no more')
    }
    return {
      items: reading.symbols.map((symbol) => ({ symbol, status: 'Trading' })),
      deadLetters: [
        ...Array.from({ length: reading.unreadable ?? 0 }, () => ({ reason: 'odd', symbol: null })),
        ...(reading.unread ?? []).map((symbol) => ({ reason: 'odd', symbol })),
      ],
      end: reading.end ?? 'last_page',
    }
  }
  const follower = new SymbolFollower({
    category: 'spot',
    // Stands in for the exchange: the test is about the lists, not about reading them.
    client: { instrumentsInfo: () => ({ all }) } as unknown as BybitRestClient,
    clock: {
      nowUs: () => systemClock.nowUs(),
      setTimer: (callback) => systemClock.setTimer(callback, 0),
    },
    pollMs: 20_000,
    onList: () => {},
    onSymbols: async (symbols) => void told.push([...symbols].sort()),
    onUnreadable: (rows) => {
      unreadable += rows.length
    },
    onPartial: () => failures.push('partial'),
    onRetry: (error) => void (error instanceof Error && failures.push(error.message)),
  })
  await follower.run(stop.signal)
  return { told, failures, unreadable }
}

it('a listing counts at once, a delisting after a second list', async () => {
  const { told } = await follow(
    { symbols: ['A', 'B'] },
    { symbols: ['A', 'B', 'C'] },
    { symbols: ['A', 'C'] },
    { symbols: ['A', 'C'] },
  )
  expect(told).toEqual([
    ['A', 'B'],
    ['A', 'B', 'C'],
    ['A', 'B', 'C'],
    ['A', 'C'],
  ])
})

it('one short list delists nothing', async () => {
  const { told } = await follow(
    { symbols: ['A', 'B'] },
    { symbols: ['A'] },
    { symbols: ['A', 'B'] },
  )
  expect(told).toEqual([
    ['A', 'B'],
    ['A', 'B'],
    ['A', 'B'],
  ])
})

it('a list with unreadable rows adds instruments and delists none', async () => {
  const { told, unreadable } = await follow(
    { symbols: ['A', 'B'] },
    { symbols: ['A', 'C'], unreadable: 1 },
    { symbols: ['A', 'C'], unreadable: 1 },
  )
  expect(told.at(-1)).toEqual(['A', 'B', 'C'])
  expect(unreadable).toBe(2)
})

it('an instrument whose row cannot be read stays, and keeps no other from being delisted', async () => {
  const { told } = await follow(
    { symbols: ['A', 'B', 'C'] },
    { symbols: ['A'], unread: ['B'] },
    { symbols: ['A'], unread: ['B'] },
  )
  expect(told.at(-1)).toEqual(['A', 'B'])
})

it('an incomplete or empty list is an error', async () => {
  const { told, failures } = await follow(
    { symbols: ['A'], end: 'no_progress' },
    { symbols: [] },
    { symbols: ['A'] },
  )
  expect(told).toEqual([['A']])
  expect(failures.slice(0, 2)).toEqual([
    'the list of spot instruments ended early: no_progress',
    'no spot instrument trades',
  ])
})

/** A client whose exchange lists options by the coin that it is asked for. */
function clientOf(lists: (coin: string | undefined) => readonly string[]): BybitRestClient {
  const pages = ({ baseCoin }: { baseCoin?: string }) => ({
    all: async () => ({
      items: lists(baseCoin).map((symbol) => ({
        symbol,
        status: 'Trading',
        baseCoin: symbol.split('-')[0],
      })),
      deadLetters: [],
      end: 'last_page',
    }),
  })
  return { instrumentsInfo: pages } as unknown as BybitRestClient
}

async function namesOf(list: TradingInstruments): Promise<string[]> {
  return (await list.read()).items.map(({ symbol }) => symbol)
}

it('options are read of every coin, although without a coin the exchange lists those of BTC', async () => {
  let all = ['BTC-1', 'ETH-1']
  const client = clientOf((coin) => (coin === 'All' ? all : ['BTC-1']))
  const list = new TradingInstruments(client, 'option')
  expect(await namesOf(list)).toEqual(['BTC-1', 'ETH-1'])
  all = []
  expect(await namesOf(list)).toEqual([])
})

it('the list without a coin counts where that of all coins is empty', async () => {
  const client = clientOf((coin) => (coin === undefined ? ['BTC-1', 'ETH-1'] : []))
  const list = new TradingInstruments(client, 'option')
  expect(await namesOf(list)).toEqual(['BTC-1', 'ETH-1'])
  expect((await list.read()).isWhole).toBe(true)
})

it('empty lists with and without a coin do not prove that there is none', async () => {
  const { items, isWhole } = await new TradingInstruments(
    clientOf(() => []),
    'option',
  ).read()
  expect([items, isWhole]).toEqual([[], false])
})

it('a list of one coin does not prove that there is no other, and delists none', async () => {
  let listed = ['BTC-1', 'BTC-2']
  const client = clientOf((coin) => (coin === undefined ? listed : []))
  const stop = new AbortController()
  const partial: string[] = []
  const told: string[] = []
  const follower = new SymbolFollower({
    category: 'option',
    client,
    clock: HURRIED_CLOCK,
    pollMs: 1,
    onList: () => {},
    onSymbols: async (symbols) => {
      told.push(symbols.join(' '))
      listed = ['BTC-1']
      if (told.length === 4) stop.abort()
    },
    onUnreadable: () => {},
    onPartial: (coins) => partial.push(coins.join(' ')),
    onRetry: () => {},
  })
  await follower.run(stop.signal)
  expect(partial[0]).toBe('BTC')
  expect(told).toEqual(Array.from({ length: 4 }, () => 'BTC-1 BTC-2'))
})

/** An instrument as the exchange lists it, with what these tests look at. */
function instrumentOf(values: JsonObject): Instrument {
  return instrumentFromJson({ symbol: 'BIOUSDT', status: 'PreLaunch', ...values })
}

it.each([
  ['Trading', null, true],
  ['PendingOpen', null, true],
  ['Delivering', null, false],
  ['Settling', null, false],
  ['PreLaunch', null, false],
  ['PreLaunch', 'NotStarted', false],
  ['PreLaunch', 'CallAuction', false],
  ['PreLaunch', 'CrossMatching', false],
  ['PreLaunch', 'ContinuousTrading', true],
  ['PreLaunch', 'Finished', false],
])('an instrument in %s, phase %s, is traded: %s', (status, curAuctionPhase, isIt) => {
  const preListingInfo = curAuctionPhase === null ? null : { curAuctionPhase }
  expect(isTraded(instrumentOf({ status, preListingInfo }))).toBe(isIt)
})

it('without a current phase, the times of the phases count', () => {
  const phases = [
    { phase: 'CallAuction', startTime: 0, endTime: 1000 },
    { phase: 'ContinuousTrading', startTime: 1000, endTime: 2000 },
  ]
  const instrument = instrumentOf({ preListingInfo: { phases } })
  expect([999, 1000, 1999, 2000].map((at) => isTraded(instrument, at))).toEqual([
    false,
    true,
    true,
    false,
  ])
})

it('contracts are read in the order of their life; the last list counts, and the worst end', async () => {
  const asked: unknown[] = []
  const lists = [
    { status: 'PreLaunch', symbols: ['A', 'B'], end: 'no_progress' },
    { status: 'Trading', symbols: ['B', 'C'], end: 'last_page' },
    { status: 'Delivering', symbols: ['D'], end: 'last_page' },
  ]
  const pages = ({ status }: { status?: string }) => ({
    all: async () => {
      const list = lists[asked.length]
      asked.push(status ?? 'none')
      const items = list?.symbols.map((symbol) => ({ symbol, status: list.status }))
      return { items, deadLetters: [], end: list?.end, exchangeTs: asked.length, localTsUs: 7 }
    },
  })
  const client = { instrumentsInfo: pages } as unknown as BybitRestClient
  const { items, end, exchangeTs } = await new TradingInstruments(client, 'linear').read()
  expect(asked).toEqual(['PreLaunch', 'none', 'Delivering'])
  expect(items.map(({ symbol, status }) => [symbol, status])).toEqual([
    ['A', 'PreLaunch'],
    ['B', 'Trading'],
    ['C', 'Trading'],
    ['D', 'Delivering'],
  ])
  expect([end, exchangeTs]).toEqual(['no_progress', 3])
})
