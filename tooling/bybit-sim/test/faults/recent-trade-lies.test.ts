import { expect, test } from 'vitest'
import { type RecentTradeLie, startSimulator } from '../../src/index.ts'
import { Client } from '../support/client.ts'

const LIMIT = 100

/** Places of the missed trades among all, oldest first: 120 are sent before and 10 after them. */
const FIRST = 120
const END = 150

async function pageOf(how: RecentTradeLie | null): Promise<number[]> {
  await using sim = await startSimulator({ seed: 1, paused: true })
  const trade = (count: number) => sim.trade({ symbol: 'BTCUSDT', count, sameSeq: false })
  const subscribe = async () => {
    const client = await Client.open(sim.wsUrl)
    await client.subscribe('publicTrade.BTCUSDT')
  }
  await subscribe()
  trade(FIRST)
  await sim.fault({ kind: 'close' })
  trade(END - FIRST)
  await subscribe()
  trade(10)
  if (how !== null) await sim.fault({ kind: 'recent-trade', how, symbol: 'BTCUSDT' })
  await sim.fault({ kind: 'recent-trade', how: 'empty', symbol: 'ETHUSDT', count: 9 })
  const ids = sim.truth().trades.map(({ tradeId }) => tradeId)
  const ask = async () => {
    const query = `category=linear&symbol=BTCUSDT&limit=${LIMIT}`
    const response = await fetch(`${sim.restUrl}/v5/market/recent-trade?${query}`)
    const { result } = (await response.json()) as { result: { list: { execId: string }[] } }
    return result.list.map(({ execId }) => ids.indexOf(execId))
  }
  const page = await ask()
  // The lie is told once.
  expect(await ask()).toEqual(places(60, 160))
  return page
}

/** Places from `first` to before `end`, newest first. */
function places(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, index) => end - 1 - index)
}

const without = (first: number, left: readonly number[]) =>
  places(first, 160).filter((place) => !left.includes(place))

test.each<[RecentTradeLie | null, number[]]>([
  [null, places(60, 160)],
  ['one', without(59, [134])],
  ['run', without(50, places(130, 140))],
  ['edges', without(58, [FIRST, END - 1])],
  ['neighbours', without(58, [FIRST - 1, END])],
  ['short', places(110, 160)],
  ['stale', places(35, 135)],
  ['empty', []],
])('recent-trade, told to lie by %s, leaves out just that', async (how, expected) => {
  expect(await pageOf(how)).toEqual(expected)
})
