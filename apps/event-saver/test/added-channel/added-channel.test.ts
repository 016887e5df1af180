import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startSimulator } from '@grid/bybit-sim'
import { CaptureGapRepository, DeadLetterRepository, marketRepository, migrate } from '@grid/db'
import { expect, it, vi } from 'vitest'
import { SETTINGS } from '../../src/config/settings.ts'
import { examineDatabase } from '../../src/doctor/database.ts'
import { exportDays } from '../../src/export/export-days.ts'
import type { Saver } from '../../src/saver.ts'
import { imbalances, loadTestConfig, makeSaver, ownDatabase, quiet } from '../support/rig.ts'
import { asPulse, createPulseTable, PULSE, pulseFrame } from './pulse.ts'

// A new channel is one entry in a registry of each package. Nothing else is replaced here.
vi.mock('../../../../packages/core-events/src/events/event.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('@grid/core-events')>()
  const { PULSE, PULSE_DEFINITION } = await import('./pulse.ts')
  return {
    ...original,
    CHANNEL_DEFINITIONS: { ...original.CHANNEL_DEFINITIONS, pulse: PULSE_DEFINITION },
    PUBLIC_CHANNELS: [...original.PUBLIC_CHANNELS, PULSE],
    CHANNELS: [...original.CHANNELS, PULSE],
  }
})
vi.mock('../../../../packages/bybit-adapter/src/channels/registry.ts', async (importOriginal) => {
  const { CHANNEL_DIALECTS } = await importOriginal<{ CHANNEL_DIALECTS: object }>()
  const { PULSE_DIALECT } = await import('./pulse.ts')
  return { CHANNEL_DIALECTS: { ...CHANNEL_DIALECTS, pulse: PULSE_DIALECT } }
})
vi.mock('../../../../packages/db/src/tables/market-tables.ts', async (importOriginal) => {
  const { MARKET_TABLES } = await importOriginal<typeof import('@grid/db')>()
  const { pulseTable } = await import('./pulse.ts')
  const { ticker } = MARKET_TABLES
  return { MARKET_TABLES: { ...MARKET_TABLES, pulse: pulseTable(ticker as never) } }
})

const TOPIC = 'pulse.5.BTCUSDT'
const patience = () => AbortSignal.timeout(30_000)

it('a channel that is only added to the registries is captured, stored, read and exported', async () => {
  await using database = await ownDatabase()
  await createPulseTable(database.db)
  await migrate(database.db, { environment: 'custom:127.0.0.1' })
  await using sim = await startSimulator({
    seed: 41,
    symbols: ['BTCUSDT'],
    paused: true,
    extraTopics: [TOPIC],
  })
  const env = {
    EVENTSAVER_CHANNELS: 'publicTrade,pulse',
    EVENTSAVER_SYMBOLS: 'BTCUSDT',
    EVENTSAVER_RETENTION_PULSES: '90d',
  }
  const captured = async (saver: Saver, frames: readonly object[][]) => {
    await saver.start()
    await expect.poll(() => saver.status().ready, { timeout: 120_000 }).toBe(true)
    for (const items of frames) sim.broadcast(TOPIC, pulseFrame(TOPIC, ...items))
    await quiet(saver)
    expect(await saver.stop(patience())).toEqual({ lost: 0, left: 0, dropped: 0 })
    expect(imbalances(saver)).toEqual([])
    return saver.pipeline.sample().find(({ channel }) => channel === PULSE)
  }
  // A whole second, so that no item of the test is on another day.
  const at = Math.floor(Date.now() / 1000) * 1000

  // A repeated item, and one that cannot be read.
  const items = [
    { T: at, beats: 60 },
    { T: at, beats: 60 },
    { T: at, beats: 'many' },
  ]
  const first = makeSaver(sim.wsUrl, database.url, env)
  expect(await captured(first.saver, [items, [{ T: at + 1, beats: 61 }]])).toMatchObject({
    received: 4,
    persisted: 2,
    duplicate: 1,
    deadLettered: 1,
  })
  expect(await new DeadLetterRepository(database.db).list()).toMatchObject([
    { channel: PULSE, symbol: 'BTCUSDT', field: 'beats' },
  ])

  // Another process: the time between the two is a gap, which nothing can fill.
  const second = makeSaver(sim.wsUrl, database.url, env)
  await captured(second.saver, [[{ T: at + 2, beats: 62 }]])
  expect(await new CaptureGapRepository(database.db).list()).toMatchObject([
    { channel: PULSE, symbol: 'BTCUSDT', variant: '5', reason: 'start', state: 'unrecoverable' },
  ])
  expect(second.saver.status().retention.map(({ table }) => table)).toContain('pulses')

  const pulses = marketRepository(database.db, PULSE)
  const market = { category: 'linear', symbol: 'BTCUSDT' } as const
  const stored = []
  for await (const event of pulses.range({ ...market, from: at, to: at + 10 })) {
    stored.push(asPulse(event))
  }
  expect(stored.map(({ beats, variant }) => [beats, variant])).toEqual([
    [60, '5'],
    [61, '5'],
    [62, '5'],
  ])

  const folder = await mkdtemp(join(tmpdir(), 'grid-added-'))
  const day = new Date(at).toISOString().slice(0, 10)
  const { files } = await exportDays({
    db: database.db,
    environment: 'custom:127.0.0.1',
    channels: [PULSE],
    symbols: [{ category: 'linear', all: true, names: [] }],
    days: [day],
    format: 'csv',
    folder,
    force: false,
    signal: patience(),
    onDone: () => {},
    onInstruments: () => {},
  })
  expect(files).toMatchObject([{ table: 'pulses', rows: 3, gaps: [{ variant: '5' }] }])
  const text = await readFile(join(folder, 'pulses', 'linear', 'BTCUSDT', `${day}.csv`), 'utf8')
  expect(text.split('\r\n')[0]).toBe('category,symbol,exchange_ts,variant,beats,local_ts,source')
  await rm(folder, { recursive: true })

  expect(Object.values(SETTINGS).map(({ flag }) => flag)).toContain('retention-pulses')
  const findings = await examineDatabase(loadTestConfig(sim.wsUrl, database.url, env))
  expect(findings.filter(({ ok }) => !ok)).toEqual([])
})
