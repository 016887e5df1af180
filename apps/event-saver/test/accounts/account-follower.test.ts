import { setImmediate as turn } from 'node:timers/promises'
import { type Clock, nowMs, systemClock } from '@grid/core-events'
import type { EnabledAccount } from '@grid/db'
import { describe, expect, it } from 'vitest'
import { AccountFollower } from '../../src/accounts/account-follower.ts'
import { HURRIED_CLOCK } from '../support/hurried-clock.ts'
import { SteppedClock } from '../support/stepped-clock.ts'

const ACCOUNT_ID = '0b0e5c6e-6a0f-5d0e-9b3a-3f6f0a4b7c11'

describe('the list of accounts', () => {
  it('is read again after a hint, also after one that comes during a reading', async () => {
    const stop = new AbortController()
    // Pauses for the next hint never end by themselves; the spacing of readings does at once.
    const never: Clock = {
      ...systemClock,
      setTimer: (callback, delayMs) =>
        delayMs > 1000 ? { cancel: () => {} } : systemClock.setTimer(callback, 0),
    }
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

  it('is read at most once a second, however often anybody notifies, and always after the last hint', async () => {
    const stop = new AbortController()
    const clock = new SteppedClock()
    const readAtMs: number[] = []
    let version = 0
    let seen = 0
    const follower = new AccountFollower({
      clock,
      load: async () => {
        readAtMs.push(nowMs(clock))
        seen = version
        return []
      },
      onAccounts: () => {},
      onRetry: () => {},
    })
    const running = follower.run(stop.signal)
    // Notified every 7 ms for 3 s, which is no divisor of a second.
    for (let ms = 0; ms <= 3000; ms += 7) {
      version += 1
      follower.hint()
      await clock.step(7)
    }
    await clock.step(1000)
    expect(seen).toBe(version)
    expect(readAtMs.length).toBeGreaterThan(2)
    expect(readAtMs.length).toBeLessThanOrEqual(5)
    const distances = readAtMs.slice(1).map((ms, index) => ms - (readAtMs[index] ?? 0))
    expect(Math.min(...distances)).toBeGreaterThanOrEqual(1000)
    stop.abort()
    await running
  })

  it('is read again after failures at most once a second, too', async () => {
    const stop = new AbortController()
    const clock = new SteppedClock()
    let reads = 0
    const follower = new AccountFollower({
      clock,
      load: async () => {
        reads += 1
        throw new Error('away')
      },
      onAccounts: () => {},
      onRetry: () => {},
    })
    const running = follower.run(stop.signal)
    for (let ms = 0; ms < 3000; ms += 10) {
      follower.hint()
      await clock.step(10)
    }
    expect(reads).toBeGreaterThan(2)
    expect(reads).toBeLessThanOrEqual(4)
    stop.abort()
    await running
  })

  it('is read every few seconds without a hint, and is not known while a reading lasts', async () => {
    const stop = new AbortController()
    const clock = new SteppedClock()
    let reads = 0
    let lock = Promise.resolve()
    const follower = new AccountFollower({
      clock,
      load: async () => {
        reads += 1
        await lock
        return []
      },
      onAccounts: () => {},
      onRetry: () => {},
    })
    const running = follower.run(stop.signal)
    await clock.step(0)
    expect([reads, follower.unknown]).toEqual([1, null])
    const locked = Promise.withResolvers<void>()
    lock = locked.promise
    await clock.step(10_000)
    expect(reads).toBe(2)
    expect(follower.unknown).toMatch(/^the database has not told them for /)
    locked.resolve()
    await clock.step(1000)
    expect(follower.unknown).toBeNull()
    stop.abort()
    await running
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
    expect(follower.unknown).toBeNull()
  })

  it('is not known before it was read, nor while it cannot be read, for whatever reason', async () => {
    const stop = new AbortController()
    const reasons: unknown[] = []
    let reads = 0
    const follower = new AccountFollower({
      clock: HURRIED_CLOCK,
      load: async () => {
        reasons.push(follower.unknown)
        reads += 1
        if (reads === 2) throw new TypeError("reading 'getTime'")
        return []
      },
      onAccounts: () => {
        if (reads === 3) throw new Error('cannot take them')
        if (reads > 3) stop.abort()
      },
      onRetry: () => {},
    })
    await follower.run(stop.signal)
    expect(reasons).toEqual([
      'they were not read yet',
      null,
      "reading 'getTime'",
      'cannot take them',
    ])
  })
})
