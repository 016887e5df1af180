import type { GridDatabase } from '@grid/db'
import type { Kysely } from 'kysely'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import type { Pipeline } from '../../src/pipeline/pipeline.ts'
import { MarketRepair } from '../../src/repair/market-repair.ts'
import { HURRIED_CLOCK } from '../support/hurried-clock.ts'

it('the open gaps of earlier processes are asked for until the database tells them', async () => {
  const faults = ['42501', '42501', null]
  let asked = 0
  const db = {
    executeQuery: async () => {
      const code = faults[asked++]
      if (code !== null) throw Object.assign(new Error('no'), { code })
      return { rows: [] }
    },
  } as unknown as Kysely<GridDatabase>
  const repair = new MarketRepair({
    config: { environment: 'mainnet', repair: true, restUrl: undefined, wsUrl: undefined },
    clock: HURRIED_CLOCK,
    db,
    pipeline: {} as Pipeline,
    log: pino({ level: 'silent' }),
    isLive: () => false,
  })
  await repair.takeUp()
  expect(asked).toBe(3)
  await repair.stop()
})
