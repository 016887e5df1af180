import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { RunKeeper } from '../../src/accounts/run-keeper.ts'
import { HURRIED_CLOCK } from '../support/hurried-clock.ts'

const T0 = 1_760_000_000_000

describe('the keeper of runs', () => {
  it('closes orphaned runs once, and attributes events of the last week every hour', async () => {
    const stop = new AbortController()
    const done: string[] = []
    let minute = 0
    const keeper = new RunKeeper({
      operator: {
        closeOrphanedRuns: async ({ silentForMs }) => {
          done.push(`orphans ${silentForMs}`)
          if (minute++ === 0) throw new Error('away')
          return []
        },
        attributeEvents: async ({ since }) => {
          const hours = (T0 + minute * 60_000 - since) / 3_600_000
          done.push(`events of ${hours} h`)
          minute += 1
          if (minute === 64) stop.abort()
          return 0
        },
      },
      clock: { ...HURRIED_CLOCK, nowUs: () => (T0 + minute * 60_000) * 1000 },
      log: pino({ level: 'silent' }),
      runTimeoutMs: 900_000,
    })
    await keeper.run(stop.signal)
    expect(done.slice(0, 4)).toEqual([
      'orphans 900000',
      'orphans 900000',
      'events of 168 h',
      'events of 1 h',
    ])
    expect(done.filter((text) => text === 'events of 168 h')).toHaveLength(2)
    expect(done.filter((text) => text.startsWith('orphans'))).toHaveLength(2)
  })
})
