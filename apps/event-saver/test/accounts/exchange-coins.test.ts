import type { BybitRestClient } from '@grid/bybit-adapter'
import { systemClock } from '@grid/core-events'
import type { InstrumentRepository } from '@grid/db'
import { expect, it } from 'vitest'
import { ExchangeCoins } from '../../src/accounts/exchange-coins.ts'

const SIGNAL = new AbortController().signal
const NOW = { asOfMs: 0 }
const DAY_MS = 86_400_000

type RecordedCoins = Awaited<ReturnType<InstrumentRepository['coins']>>[number]

interface Asked {
  readonly category: string
  readonly status?: string
  readonly baseCoin?: string
}

/** An exchange that answers with what a test gives, and the clock of the listing. */
function rig(answer: (asked: Asked) => { coins: string[]; unreadable?: number; end?: string }) {
  const asked: Asked[] = []
  const at = { ms: 1_760_000_000_000 }
  const instrumentsInfo = (query: Asked) => ({
    all: async () => {
      asked.push(query)
      const { coins, unreadable = 0, end = 'last_page' } = answer(query)
      const items = coins.map((coin) => ({ symbol: `${coin}-1`, baseCoin: coin, settleCoin: coin }))
      const deadLetters = Array.from({ length: unreadable }, () => ({}))
      return { items, deadLetters, end, exchangeTs: at.ms, localTsUs: at.ms * 1000 }
    },
  })
  const client = { instrumentsInfo } as unknown as BybitRestClient
  const clock = { ...systemClock, nowUs: () => at.ms * 1000 }
  const recorded = { coins: [] as RecordedCoins[], firstKnown: null as number | null }
  const lists: string[] = []
  const instruments: Pick<InstrumentRepository, 'coins' | 'firstKnown' | 'record'> = {
    coins: async ({ from }) => recorded.coins.filter(({ lastListed }) => lastListed >= from),
    firstKnown: async () => recorded.firstKnown,
    record: async ({ category, instruments: items, isComplete }) => {
      lists.push(`${category} ${items.map(({ baseCoin }) => baseCoin)} ${isComplete}`)
      return { opened: 0, ended: 0, isSuperseded: false }
    },
  }
  const coins = new ExchangeCoins({ client, clock, instruments, collector: 'saver-1' })
  return { coins, asked, at, recorded, lists }
}

it('are learnt of linear contracts from those of every status that can hold a position', async () => {
  const { coins, asked } = rig(({ status = 'Trading' }) => ({
    coins: { Trading: ['USDT'], PreLaunch: ['USDE'], Delivering: ['USDC'] }[status] ?? [],
  }))
  const listed = await coins.listed('linear', NOW, SIGNAL)
  expect([...listed.coins].toSorted()).toEqual(['USDC', 'USDE', 'USDT'])
  expect(listed.isWhole).toBe(true)
  expect(asked.map(({ status }) => status)).toEqual(['PreLaunch', undefined, 'Delivering'])
})

it('are learnt of options from all coins; the list of one coin does not prove that there is no other', async () => {
  const all = rig(({ baseCoin }) => ({ coins: baseCoin === 'All' ? ['BTC', 'HYPE'] : ['BTC'] }))
  const listed = await all.coins.listed('option', NOW, SIGNAL)
  expect([[...listed.coins], listed.isWhole]).toEqual([['BTC', 'HYPE'], true])
  const older = rig(({ baseCoin }) => ({ coins: baseCoin === 'All' ? [] : ['BTC'] }))
  const partial = await older.coins.listed('option', NOW, SIGNAL)
  expect([[...partial.coins], partial.isWhole]).toEqual([['BTC'], false])
  // Nor does an empty one: what the exchange lists without a coin are those of BTC.
  const none = rig(() => ({ coins: [] }))
  expect((await none.coins.listed('option', NOW, SIGNAL)).isWhole).toBe(false)
})

it('are those of all lists so far; a list that lacks one of the last day, or all, is not whole', async () => {
  let now = ['BTC', 'HYPE']
  const { coins, at, lists } = rig(({ baseCoin }) => ({ coins: baseCoin === 'All' ? now : [] }))
  const read = async () => {
    const listed = await coins.listed('option', { asOfMs: at.ms }, SIGNAL)
    return [[...listed.coins].toSorted(), [...listed.symbols], listed.isWhole]
  }
  expect(await read()).toEqual([['BTC', 'HYPE'], ['BTC-1', 'HYPE-1'], true])
  at.ms += 2000
  now = []
  expect(await read()).toEqual([['BTC', 'HYPE'], [], false])
  at.ms += 2000
  now = ['BTC', 'ETH']
  expect(await read()).toEqual([['BTC', 'ETH', 'HYPE'], ['BTC-1', 'ETH-1'], false])
  at.ms += DAY_MS
  // HYPE was delisted, and is asked for all the same.
  expect(await read()).toEqual([['BTC', 'ETH', 'HYPE'], ['BTC-1', 'ETH-1'], true])
  expect(lists).toEqual([
    'option BTC,HYPE true',
    'option  false',
    'option BTC,ETH false',
    'option BTC,ETH true',
  ])
})

it('are those that were recorded as listed at the wanted time too, by whatever process', async () => {
  const { coins, at, recorded, asked } = rig(() => ({ coins: ['BTC', 'ETH'] }))
  const of = (baseCoin: string, lastListed: number) => ({
    baseCoin,
    settleCoin: 'USDT',
    lastListed,
  })
  recorded.firstKnown = at.ms - 90 * DAY_MS
  recorded.coins = [of('HYPE', at.ms - 3 * DAY_MS), of('OLD', at.ms - 60 * DAY_MS)]
  const listed = async (days: number) => {
    const time = { fromMs: at.ms - days * DAY_MS, asOfMs: at.ms }
    return coins.listed('option', time, SIGNAL)
  }
  expect([...(await listed(0)).coins]).toEqual(['BTC', 'ETH'])
  const earlier = await listed(4)
  expect([...earlier.coins].toSorted()).toEqual(['BTC', 'ETH', 'HYPE'])
  expect(earlier).toMatchObject({ isWhole: true, knownSinceMs: at.ms - 90 * DAY_MS })
  // A reading of an earlier time serves a later one.
  await listed(2)
  expect(asked).toHaveLength(2)
  // What another process listed an hour ago, this list lacks.
  recorded.coins = [of('HYPE', at.ms - 3_600_000)]
  at.ms += 2000
  expect((await listed(0)).isWhole).toBe(false)
})

it('are not all known where a row cannot be read, and not at all where the list ends early', async () => {
  const odd = rig(() => ({ coins: ['USDT'], unreadable: 1 }))
  expect((await odd.coins.listed('linear', NOW, SIGNAL)).isWhole).toBe(false)
  const early = rig(() => ({ coins: ['USDT'], end: 'cursor_repeated' }))
  await expect(early.coins.listed('linear', NOW, SIGNAL)).rejects.toThrow('ended early')
})

it('are read once for several accounts, again for a later time, and again after a failure', async () => {
  let fails = true
  const { coins, asked, at } = rig(() => {
    if (fails) throw new Error('away')
    return { coins: ['BTC', 'ETH'] }
  })
  const readTwice = () =>
    Promise.allSettled([
      coins.listed('spot', { asOfMs: at.ms }, SIGNAL),
      coins.listed('spot', { asOfMs: at.ms }, SIGNAL),
    ])
  expect((await readTwice()).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  fails = false
  expect((await readTwice()).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
  expect(asked).toHaveLength(2)
  at.ms += 60_000
  await coins.listed('spot', { asOfMs: at.ms - 60_000 }, SIGNAL)
  expect(asked).toHaveLength(2)
  await coins.listed('spot', { asOfMs: at.ms - 59_999 }, SIGNAL)
  expect(asked).toHaveLength(3)
})
