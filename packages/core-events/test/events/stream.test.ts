import { expect, it } from 'vitest'
import { CHANNEL_DEFINITIONS, streamKey, streamOf } from '../../src/index.ts'

const trades = { category: 'linear', channel: 'publicTrade', symbol: 'BTCUSDT' } as const
const ACCOUNT = '0b0e5c6e-6a0f-5d0e-9b3a-3f6f0a4b7c11'

it('a stream is identified by its category, channel, symbol and variant', () => {
  const keys = [
    trades,
    { ...trades, category: 'spot' },
    { ...trades, channel: 'ticker' },
    { ...trades, symbol: 'ETHUSDT' },
    { ...trades, variant: '1' },
    { ...trades, variant: '5' },
    { channel: 'order', accountId: ACCOUNT },
    { channel: 'wallet', accountId: ACCOUNT },
  ] as const
  expect(new Set(keys.map(streamKey)).size).toBe(keys.length)
})

it('streamOf takes only the fields of the stream, with the variant if there is one', () => {
  const bounds = { startTs: 1, endTs: 2, reason: 'stale' } as const
  expect(streamOf({ ...trades, ...bounds } as typeof trades)).toStrictEqual(trades)
  const candles = { ...trades, variant: '60' }
  expect(streamOf({ ...candles, ...bounds } as typeof candles)).toStrictEqual(candles)
  const account = { channel: 'order', accountId: ACCOUNT } as const
  expect(streamOf({ ...account, ...bounds } as typeof account)).toStrictEqual(account)
})

it('every channel says how much of the missed data can be read later', () => {
  const histories = Object.entries(CHANNEL_DEFINITIONS).map(([name, { history }]) => [
    name,
    history,
  ])
  expect(Object.fromEntries(histories)).toEqual({
    ticker: 'last-state',
    publicTrade: 'all',
    execution: 'all',
    order: 'all',
    position: 'last-state',
    wallet: 'last-state',
  })
})
