import { CHANNELS, systemClock } from '@grid/core-events'
import { migrate } from '@grid/db'
import { describe, expect, it } from 'vitest'
import { Positions } from '../../../src/pipeline/recovery/positions.ts'
import { ownDatabase } from '../../support/rig.ts'

describe('positions', () => {
  it('are moved to the newest place by two beats at once, as when a process stops during a beat', async () => {
    await using database = await ownDatabase()
    await migrate(database.db)
    let settled = 0
    const released: number[] = []
    const positions = new Positions({
      db: database.db,
      clock: systemClock,
      collector: 'test',
      journalId: crypto.randomUUID(),
      lanes: CHANNELS,
      host: {
        settled: () => Math.ceil(++settled / CHANNELS.length),
        onBack: () => {},
        kept: async () => {},
        onCommitted: (position) => released.push(position),
      },
    })
    await positions.readFirst()
    await Promise.all([positions.beat(), positions.beat()])
    expect(CHANNELS.map((channel) => positions.committed(channel))).toEqual(CHANNELS.map(() => 2))
    expect(released).toEqual([1, 2])
  })
})
