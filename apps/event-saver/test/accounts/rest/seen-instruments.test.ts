import type { OrderEvent, PositionEvent } from '@grid/core-events'
import { expect, it } from 'vitest'
import { SeenInstruments } from '../../../src/accounts/rest/seen-instruments.ts'

const leg = (category: PositionEvent['category'], symbol: string, size: string) =>
  ({ category, symbol, size }) as PositionEvent

it('remembers of the past no contract of which nothing is left, but the coin of every option', () => {
  const seen = new SeenInstruments()
  const legs = [
    leg('linear', 'OLDUSDT', '0.000'),
    leg('linear', 'BTCUSDT', '0.001'),
    leg('inverse', 'BTCUSD', '1'),
    leg('option', 'HYPE-26DEC25-40-C-USDT', '0'),
  ]
  seen.notePast(legs, [{ category: 'linear', symbol: 'ETHUSDT' } as OrderEvent])
  expect([...seen.linear]).toEqual(['BTCUSDT', 'ETHUSDT'])
  expect([...seen.optionCoins]).toEqual(['HYPE'])
})
