import { setImmediate as turn } from 'node:timers/promises'
import { type Clock, systemClock } from '@grid/core-events'
import type { EnabledAccount } from '@grid/db'
import { describe, expect, it } from 'vitest'
import { AccountFollower } from '../../src/accounts/account-follower.ts'
import { HURRIED_CLOCK } from '../support/hurried-clock.ts'

const ACCOUNT_ID = '0b0e5c6e-6a0f-5d0e-9b3a-3f6f0a4b7c11'

describe('the list of accounts', () => {
  it('is read again after a hint, also after one that comes during a reading', async () => {
    const stop = new AbortController()
    const never: Clock = { ...systemClock, setTimer: () => ({ cancel: () => {} }) }
    let reads = 0
    let isChanged = false
    const follower = new AccountFollower({
      clock: never,
      load: async () => {
        reads += 1
        if (reads === 1) follower.hint()
        await turn()
        return isChanged ? [{ accountId: ACCOUNT_ID } as EnabledAccount] : []
      },
      onAccounts: (accounts) => {
        if (accounts.length > 0) stop.abort()
      },
      onRetry: () => {},
    })
    const running = follower.run(stop.signal)
    await expect.poll(() => reads).toBe(2)
    isChanged = true
    follower.hint()
    await running
    expect(reads).toBe(3)
  })

  it('is tried again when it cannot be read', async () => {
    const stop = new AbortController()
    const told: (string | number)[] = []
    let reads = 0
    const follower = new AccountFollower({
      clock: HURRIED_CLOCK,
      load: async () => {
        reads += 1
        if (reads < 3) throw new Error('away')
        return []
      },
      onAccounts: () => {
        told.push('accounts')
        stop.abort()
      },
      onRetry: (_, failures) => told.push(failures),
    })
    await follower.run(stop.signal)
    expect(told).toEqual([1, 2, 0, 'accounts'])
  })
})
