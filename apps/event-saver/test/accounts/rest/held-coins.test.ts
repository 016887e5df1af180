import type { WalletEvent } from '@grid/core-events'
import { expect, it } from 'vitest'
import { HeldCoins } from '../../../src/accounts/rest/held-coins.ts'

const T0 = 1_760_000_000_000

function state(coin: string, changes: Partial<WalletEvent> = {}): WalletEvent {
  const nothing = { equity: '0', walletBalance: '0', locked: '0', borrowAmount: '0' }
  const at = { exchangeTs: T0, localTsUs: T0 * 1000 }
  return {
    accountType: 'UNIFIED',
    coin,
    ...nothing,
    spotBorrow: null,
    ...at,
    ...changes,
  } as WalletEvent
}

it('names the coins of which there was something, by the newest state of each', () => {
  const coins = new HeldCoins()
  const held = { walletBalance: '1' } as Partial<WalletEvent>
  coins.note(state('BTC', held))
  coins.note(state('ETH', { borrowAmount: '0.5' } as Partial<WalletEvent>))
  coins.note(state('SOL', { walletBalance: '0e5', exchangeTs: T0 + 1 } as Partial<WalletEvent>))
  // It came late.
  coins.note(state('SOL', held))
  coins.note(state('', held))
  coins.note(state('XRP', { ...held, accountType: 'FUND' }))
  expect(coins.absent([])).toEqual(['BTC', 'ETH'])
  expect(coins.absent([state('BTC', held)])).toEqual(['ETH'])
  coins.note(state('BTC', { exchangeTs: T0 + 1 }))
  expect(coins.absent([])).toEqual(['ETH'])
})
