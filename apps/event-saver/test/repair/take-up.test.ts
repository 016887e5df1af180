import type { GridDatabase } from '@grid/db'
import type { Kysely } from 'kysely'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import type { Pipeline } from '../../src/pipeline/pipeline.ts'
import { MarketRepair } from '../../src/repair/market-repair.ts'
import { HURRIED_CLOCK } from '../support/hurried-clock.ts'
import { SteppedClock } from '../support/stepped-clock.ts'

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

it('gaps that are open again are taken up within five minutes: a database lost that they had been closed', async () => {
  const clock = new SteppedClock()
  const at = new Date(clock.nowUs() / 1000)
  const gap = { category: 'linear', channel: 'publicTrade', symbol: 'BTCUSDT', variant: null }
  const row = {
    ...gap,
    id: 'lost',
    account_id: null,
    state: 'open',
    reason: 'disconnect',
    rest: null,
  }
  const rows: object[] = []
  let asked = 0
  const db = {
    executeQuery: async () => {
      asked += 1
      return { rows }
    },
  } as unknown as Kysely<GridDatabase>
  const repair = new MarketRepair({
    // Nobody listens there: what is taken up goes on being tried.
    config: {
      environment: 'mainnet',
      repair: true,
      restUrl: 'http://127.0.0.1:9',
      wsUrl: undefined,
    },
    clock,
    db,
    pipeline: {
      gapsRecorded: async () => true,
      eventsStored: async () => true,
    } as unknown as Pipeline,
    log: pino({ level: 'silent' }),
    isLive: () => true,
  })
  await repair.takeUp()
  await clock.step(299_000)
  expect([asked, repair.totals.streams]).toEqual([1, 0])
  rows.push({ ...row, start_ts: at, end_ts: at, created_at: at, updated_at: at })
  await clock.step(1000)
  await expect.poll(() => repair.totals.streams).toBe(1)
  await repair.stop()
})
