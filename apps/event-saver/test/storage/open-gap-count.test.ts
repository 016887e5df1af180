import { CaptureGapRepository, migrate } from '@grid/db'
import { expect, it } from 'vitest'
import { GapRecorder } from '../../src/pipeline/gap-recorder.ts'
import { OpenGapCount } from '../../src/storage/open-gap-count.ts'
import { ownDatabase } from '../support/rig.ts'
import { SteppedClock } from '../support/stepped-clock.ts'

const GAP = {
  category: 'linear',
  channel: 'publicTrade',
  symbol: 'BTCUSDT',
  startTs: 1_760_000_000_000,
  endTs: 1_760_000_009_000,
  reason: 'disconnect',
} as const

it('counts what other savers recorded and filled, every minute', async () => {
  await using database = await ownDatabase()
  const { db } = database
  await migrate(db)
  const stored = new CaptureGapRepository(db)
  const clock = new SteppedClock()
  const gaps = new GapRecorder(1000, () => {})
  const count = new OpenGapCount({ db, clock, pipeline: { gaps, gapsRecorded: async () => true } })
  try {
    await stored.insert([GAP], { collector: 'other' })
    count.start()
    await expect.poll(() => gaps.totals.open, { timeout: 120_000 }).toBe(1)
    const [gap] = await stored.list()
    await stored.fill(gap?.id ?? '', { ...GAP, startTs: GAP.startTs + 1 })
    await expect
      .poll(
        async () => {
          await clock.step(60_000)
          return gaps.totals
        },
        { timeout: 120_000 },
      )
      .toMatchObject({ open: 0, partial: 1 })
    await stored.fill(gap?.id ?? '', GAP)
    await expect
      .poll(
        async () => {
          await clock.step(60_000)
          return gaps.totals
        },
        { timeout: 120_000 },
      )
      .toMatchObject({ open: 0, partial: 0 })
  } finally {
    count.stop()
  }
})
