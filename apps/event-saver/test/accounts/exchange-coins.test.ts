import type { BybitRestClient } from '@grid/bybit-adapter'
import { systemClock } from '@grid/core-events'
import { expect, it } from 'vitest'
import { ExchangeCoins } from '../../src/accounts/exchange-coins.ts'

const SIGNAL = new AbortController().signal

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
      return { items, deadLetters: Array.from({ length: unreadable }, () => ({})), end }
    },
  })
  const client = { instrumentsInfo } as unknown as BybitRestClient
  const clock = { ...systemClock, nowUs: () => at.ms * 1000 }
  return { coins: new ExchangeCoins(client, clock), asked, at }
}

it('are learnt of linear contracts from those of every status that can hold a position', async () => {
  const { coins, asked } = rig(({ status = 'Trading' }) => ({
    coins: { Trading: ['USDT'], PreLaunch: ['USDE'], Delivering: ['USDC'] }[status] ?? [],
  }))
  const listed = await coins.listed('linear', 0, SIGNAL)
  expect([...listed.coins].toSorted()).toEqual(['USDC', 'USDE', 'USDT'])
  expect(listed.isWhole).toBe(true)
  expect(asked.map(({ status }) => status)).toEqual(['PreLaunch', undefined, 'Delivering'])
})

it('are learnt of options from all coins; the list of one coin does not prove that there is no other', async () => {
  const all = rig(({ baseCoin }) => ({ coins: baseCoin === 'All' ? ['BTC', 'HYPE'] : ['BTC'] }))
  const listed = await all.coins.listed('option', 0, SIGNAL)
  expect([[...listed.coins], listed.isWhole]).toEqual([['BTC', 'HYPE'], true])
  const older = rig(({ baseCoin }) => ({ coins: baseCoin === 'All' ? [] : ['BTC'] }))
  const partial = await older.coins.listed('option', 0, SIGNAL)
  expect([[...partial.coins], partial.isWhole]).toEqual([['BTC'], false])
  const none = rig(() => ({ coins: [] }))
  expect((await none.coins.listed('option', 0, SIGNAL)).isWhole).toBe(true)
})

it('are not all known where a row cannot be read, and not at all where the list ends early', async () => {
  const odd = rig(() => ({ coins: ['USDT'], unreadable: 1 }))
  expect((await odd.coins.listed('linear', 0, SIGNAL)).isWhole).toBe(false)
  const early = rig(() => ({ coins: ['USDT'], end: 'cursor_repeated' }))
  await expect(early.coins.listed('linear', 0, SIGNAL)).rejects.toThrow('ended early')
})

it('are read once for several accounts, again for a later time, and again after a failure', async () => {
  let fails = true
  const { coins, asked, at } = rig(() => {
    if (fails) throw new Error('away')
    return { coins: ['BTC', 'ETH'] }
  })
  const readTwice = () =>
    Promise.allSettled([coins.listed('spot', at.ms, SIGNAL), coins.listed('spot', at.ms, SIGNAL)])
  expect((await readTwice()).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  fails = false
  expect((await readTwice()).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
  expect(asked).toHaveLength(2)
  at.ms += 60_000
  await coins.listed('spot', at.ms - 60_000, SIGNAL)
  expect(asked).toHaveLength(2)
  await coins.listed('spot', at.ms - 59_999, SIGNAL)
  expect(asked).toHaveLength(3)
})
