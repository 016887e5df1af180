import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '@grid/core-events'
import { describe, expect, it } from 'vitest'
import { AccountJobs } from '../../src/accounts/account-jobs.ts'
import { HURRIED_CLOCK } from '../support/hurried-clock.ts'
import { SteppedClock } from '../support/stepped-clock.ts'

describe('the jobs of an account', () => {
  const WHOLE = { isStored: true, isSettled: true }

  function jobs(options: { fails?: number; isLive?: () => boolean; clock?: Clock } = {}) {
    const done: string[] = []
    const retries: number[] = []
    let failures = options.fails ?? 0
    const job = (name: string) => {
      done.push(name)
      if (failures-- > 0) throw new Error('refused')
    }
    const it = new AccountJobs({
      clock: options.clock ?? HURRIED_CLOCK,
      repair: async () => {
        job('repair')
        return null
      },
      snapshot: async () => {
        job('snapshot')
        return WHOLE
      },
      snapshotIntervalMs: 3_600_000,
      isLive: options.isLive ?? (() => true),
      onRetry: (_, count) => retries.push(count),
      random: () => 0,
    })
    return { it, done, retries }
  }

  it('do not run before the key is accepted', async () => {
    let isLive = false
    const { it: work, done } = jobs({ isLive: () => isLive })
    const stop = new AbortController()
    work.requestSnapshot()
    const running = work.run(stop.signal)
    for (let round = 0; round < 20; round++) await turn()
    expect(done).toEqual([])
    isLive = true
    work.requestRepair()
    await expect.poll(() => done).toEqual(['repair', 'snapshot'])
    expect(work.snapshotAt).not.toBeNull()
    stop.abort()
    await running
  })

  it('are tried again until they succeed', async () => {
    const { it: work, done, retries } = jobs({ fails: 2 })
    const stop = new AbortController()
    work.requestRepair()
    const running = work.run(stop.signal)
    await expect.poll(() => retries).toEqual([1, 2, 0])
    expect(done).toEqual(['repair', 'repair', 'repair'])
    stop.abort()
    await running
  })

  it('look for gaps again where none was left: a database that lost its last moments has closed ones open', async () => {
    const clock = new SteppedClock()
    const { it: work, done } = jobs({ clock })
    const stop = new AbortController()
    work.requestRepair()
    const running = work.run(stop.signal)
    await clock.step(1000)
    expect(done).toEqual(['repair'])
    await clock.step(300_000)
    expect(done).toEqual(['repair', 'repair'])
    stop.abort()
    await running
  })

  it('take a snapshot although the history cannot be read', async () => {
    const { it: work, done } = jobs({ fails: 1 })
    const stop = new AbortController()
    work.requestRepair()
    work.requestSnapshot()
    const running = work.run(stop.signal)
    await expect.poll(() => done).toEqual(['repair', 'snapshot', 'repair'])
    stop.abort()
    await running
  })

  it('end at once on an abort, whatever is under way', async () => {
    const stop = new AbortController()
    const started = Promise.withResolvers<void>()
    const work = new AccountJobs({
      clock: HURRIED_CLOCK,
      repair: () => {
        started.resolve()
        return new Promise(() => {})
      },
      snapshot: async () => WHOLE,
      snapshotIntervalMs: 1000,
      isLive: () => true,
      onRetry: () => {},
    })
    work.requestRepair()
    const running = work.run(stop.signal)
    await started.promise
    stop.abort()
    await running
  })
})
