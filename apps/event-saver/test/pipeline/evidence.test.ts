import type { CaptureGap, DeadLetter, PublicTradeEvent } from '@grid/core-events'
import { systemClock } from '@grid/core-events'
import { DeadLetterRepository, migrate } from '@grid/db'
import { sql } from 'kysely'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { MemoryJournal } from '../../src/journal/journal.ts'
import { Pipeline } from '../../src/pipeline/pipeline.ts'
import { PipelineLog } from '../../src/pipeline/pipeline-log.ts'
import { ownDatabase } from '../support/rig.ts'

const NOW_US = Date.now() * 1000

/** A trade that the table refuses, for its text has a NUL. */
const REFUSED = {
  channel: 'publicTrade',
  category: 'linear',
  symbol: 'BTCUSDT',
  exchangeTs: NOW_US / 1000,
  localTsUs: NOW_US,
  source: 'rest',
  tradeId: 'with\0nul',
  side: 'Buy',
  price: '1',
  size: '1',
  tickDirection: null,
  isBlockTrade: false,
  isRpiTrade: null,
  seq: 1,
  matchIndex: 0,
  markPrice: null,
  indexPrice: null,
  markIv: null,
  iv: null,
} as unknown as PublicTradeEvent

const LETTER: DeadLetter = {
  code: 'ITEM_MALFORMED',
  reason: 'p is "né"',
  field: 'p',
  category: 'linear',
  channel: 'publicTrade',
  topic: 'publicTrade.BTCUSDT',
  symbol: 'BTCUSDT',
  source: 'ws',
  localTsUs: NOW_US,
  raw: new TextEncoder().encode('{"p":"né"}'),
}

const GAP: CaptureGap = {
  channel: 'publicTrade',
  category: 'linear',
  symbol: 'BTCUSDT',
  startTs: 1,
  endTs: 2,
  reason: 'disconnect',
}

interface Line {
  readonly code?: string
  readonly msg: string
  readonly [fact: string]: unknown
}

type Database = Awaited<ReturnType<typeof ownDatabase>>['db']

function openPipeline(db: Database, maxWaiting = 1000): { pipeline: Pipeline; log: Line[] } {
  const log: Line[] = []
  const logger = pino({ level: 'debug' }, { write: (line) => log.push(JSON.parse(line)) })
  const pipeline = new Pipeline({
    db,
    journal: new MemoryJournal(),
    clock: systemClock,
    collector: 'test',
    environment: 'simulated',
    batchSize: 100,
    flushIntervalMs: 5,
    maxWaiting,
    gapThresholdMs: 0,
    handlers: new PipelineLog(logger),
    onDefect: (error) => {
      throw error
    },
  })
  return { pipeline, log }
}

const accountFor = (pipeline: Pipeline): object =>
  pipeline.sample().find(({ channel }) => channel === 'publicTrade') ?? {}

const kept = (log: readonly Line[]): readonly Line[] =>
  log.filter(({ msg }) => msg.startsWith('kept'))
const lost = (log: readonly Line[]): readonly Line[] =>
  log.filter(({ code }) => code === 'EVIDENCE_LOST')

describe('a dead letter', () => {
  it('is said to be kept once it is stored, not before', async () => {
    await using database = await ownDatabase()
    await migrate(database.db)
    const { pipeline, log } = openPipeline(database.db)
    const stored = pipeline.acceptRows({ events: [REFUSED], deadLetters: [LETTER] })
    expect(kept(log)).toEqual([])
    pipeline.open()
    expect(await stored).toBe(true)
    const rows = await new DeadLetterRepository(database.db).list()
    expect(rows.map(({ code }) => code).sort()).toEqual(['ITEM_MALFORMED', 'STORE_REJECTED'])
    expect(
      kept(log)
        .map(({ code }) => code)
        .sort(),
    ).toEqual(['ITEM_MALFORMED', 'STORE_REJECTED'])
    expect(lost(log)).toEqual([])
    expect(pipeline.evidenceLost).toEqual({ deadLetters: 0, gaps: 0 })
    await pipeline.drain(AbortSignal.timeout(10_000))
  })

  it('that the database refuses is never said to be kept: it stands whole in the log', async () => {
    await using database = await ownDatabase()
    await migrate(database.db)
    await sql`alter table dead_letters add constraint none check (false)`.execute(database.db)
    const { pipeline, log } = openPipeline(database.db)
    pipeline.open()
    expect(await pipeline.acceptRows({ events: [REFUSED], deadLetters: [] })).toBe(false)
    expect(await pipeline.acceptRows({ events: [], deadLetters: [LETTER] })).toBe(false)
    expect(kept(log)).toEqual([])
    expect(lost(log)).toMatchObject([
      { kind: 'STORE_REJECTED', raw: expect.stringContaining('with\\u0000nul'), count: 1 },
      {
        kind: 'ITEM_MALFORMED',
        fault: 'p is "né"',
        raw: '{"p":"né"}',
        encoding: 'utf8',
        bytes: 11,
        reason: expect.stringContaining('none'),
        count: 2,
      },
    ])
    expect(accountFor(pipeline)).toMatchObject({
      received: 2,
      deadLettered: 0,
      droppedBy: { dead_letter_rejected: 2 },
      imbalance: 0,
    })
    expect(pipeline.evidenceLost).toEqual({ deadLetters: 2, gaps: 0 })
    // The interval of the loss ends, though nothing more arrives, and becomes a gap.
    expect(pipeline.accepting).toBe(true)
    expect(await pipeline.gapsRecorded()).toBe(true)
    const { rows } = await sql<{ gaps: string }>`
      select count(*)::text as gaps from capture_gaps`.execute(database.db)
    expect(Number(rows[0]?.gaps)).toBeGreaterThan(0)
    await pipeline.drain(AbortSignal.timeout(10_000))
  })

  it('without room is not taken, and its reply counts as not stored', async () => {
    await using database = await ownDatabase()
    await migrate(database.db)
    const { pipeline, log } = openPipeline(database.db, 1)
    const first = pipeline.acceptRows({ events: [], deadLetters: [LETTER] })
    expect(await pipeline.acceptRows({ events: [], deadLetters: [LETTER] })).toBe(false)
    expect(accountFor(pipeline)).toMatchObject({ received: 1, waiting: 1, imbalance: 0 })
    pipeline.open()
    expect(await first).toBe(true)
    expect(lost(log)).toEqual([])
    await pipeline.drain(AbortSignal.timeout(10_000))
  })
})

it('a gap that the database refuses stands whole in the log and is counted', async () => {
  await using database = await ownDatabase()
  await migrate(database.db)
  await sql`alter table capture_gaps add constraint none check (false)`.execute(database.db)
  const { pipeline, log } = openPipeline(database.db)
  pipeline.open()
  pipeline.acceptGap(GAP)
  await pipeline.gapsRecorded()
  const { reason, ...stream } = GAP
  expect(lost(log)).toMatchObject([{ ...stream, cause: reason, count: 1 }])
  expect(pipeline.evidenceLost).toEqual({ deadLetters: 0, gaps: 1 })
  await pipeline.drain(AbortSignal.timeout(10_000))
})

it('a letter of bytes that are no text is logged in base64, cut to 4096 bytes', async () => {
  await using database = await ownDatabase()
  const { pipeline, log } = openPipeline(database.db)
  const raw = new Uint8Array(10_000).fill(0xff)
  pipeline.acceptRows({ events: [], deadLetters: [{ ...LETTER, raw }] })
  await pipeline.drain(AbortSignal.abort())
  expect(lost(log)[0]).toMatchObject({ encoding: 'base64', bytes: 10_000 })
  expect(Buffer.from(String(lost(log)[0]?.['raw']), 'base64')).toHaveLength(4096)
})
