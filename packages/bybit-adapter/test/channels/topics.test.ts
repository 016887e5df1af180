import { expect, test } from 'vitest'
import { streamSymbol } from '../../src/index.ts'

const OPTION = 'BTC-26DEC25-120000-C-USDT'

test('a stream is named by its instrument, option trades by their base coin', () => {
  expect(streamSymbol('option', 'publicTrade', OPTION)).toBe('BTC')
  expect(streamSymbol('option', 'ticker', OPTION)).toBe(OPTION)
  expect(streamSymbol('linear', 'publicTrade', 'BTC-26DEC25')).toBe('BTC-26DEC25')
})
