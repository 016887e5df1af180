import { FrameReplayer } from '@grid/bybit-adapter'
import { systemClock } from '@grid/core-events'
import {
  CaptureGapRepository,
  DeadLetterRepository,
  JournalPositionRepository,
  migrate,
} from '@grid/db'
import { sql } from 'kysely'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { type Journal, MemoryJournal } from '../../../src/journal/journal.ts'
import { Pipeline } from '../../../src/pipeline/pipeline.ts'
import { PipelineLog } from '../../../src/pipeline/pipeline-log.ts'
import type { PipelineOptions } from '../../../src/pipeline/pipeline-options.ts'
import { StreamRecorder } from '../../../src/pipeline/recovery/stream-recorder.ts'
import { Disk, FakeJournal } from '../../support/fake-journal.ts'
import { ownDatabase } from '../../support/rig.ts'
import { SteppedClock } from '../../support/stepped-clock.ts'

const NOW = Date.now()

type Database = Awaited<ReturnType<typeof ownDatabase>>['db']

/** A frame of trades with these ids; one whose text has a NUL is refused by the database. */
function tradesFrame(ids: readonly string[]): Uint8Array {
  const data = ids.map(
    (id, index) =>
      `{"T":${NOW + index},"s":"BTCUSDT","S":"Buy","v":"1","p":"1","L":"PlusTick","i":"${id}","BT":false,"RPI":false,"seq":1}`,
  )
  return Buffer.from(
    `{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":${NOW},"data":[${data.join(',')}]}`,
  )
}

/** A change of a ticker; the first, with everything. */
function tickerFrame(seq: number, atMs: number, type: 'delta' | 'snapshot' = 'delta'): Uint8Array {
  return Buffer.from(
    `{"topic":"tickers.BTCUSDT","type":"${type}","data":{"symbol":"BTCUSDT","lastPrice":"${seq}"},"cs":${seq},"ts":${atMs}}`,
  )
}

/** The gaps of a database, in order. */
async function storedGaps(db: Database) {
  const gaps = await new CaptureGapRepository(db).list()
  return gaps.map(({ channel, endTs, startTs, symbol }) => ({ channel, symbol, startTs, endTs }))
}

const BOTH: Partial<PipelineOptions> = {
  streamsOf: (channel) =>
    channel === 'publicTrade' || channel === 'ticker'
      ? [{ category: 'linear', channel, symbol: 'BTCUSDT' }]
      : [],
}

/** A trade of a time that the database refuses. */
const REFUSED = Buffer.from(
  `{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":${NOW},"data":[{"T":3800000000000,"s":"BTCUSDT","S":"Buy","v":"1","p":"1","L":"PlusTick","i":"refused","BT":false,"RPI":false,"seq":1}]}`,
)

/** One process: a pipeline on a journal, and a stream whose frames a test gives. */
function processOn(
  disk: Disk,
  db: Database,
  maxWaiting = 1000,
  batchSize = 10,
  options: Partial<PipelineOptions> = {},
) {
  const log: { code?: string }[] = []
  const defects: unknown[] = []
  const journal = new FakeJournal(disk)
  const pipeline = new Pipeline({
    db,
    journal: journal as never,
    clock: systemClock,
    collector: 'test',
    environment: 'simulated',
    batchSize,
    flushIntervalMs: 5,
    maxWaiting,
    gapThresholdMs: 0,
    handlers: new PipelineLog(
      pino({ level: 'debug' }, { write: (line) => log.push(JSON.parse(line)) }),
    ),
    onDefect: (error) => defects.push(error),
    ...options,
  })
  const normalizer = new FrameReplayer({ category: 'linear' })
  const recorder = new StreamRecorder({
    journal,
    category: 'linear',
    accountId: null,
    priorityOf: () => 'market',
    checkpoint: () => normalizer.checkpoint(),
  })
  recorder.onControl({ type: 'opened', connection: 1, predecessor: null })
  let index = 0
  return {
    recorder,
    journal,
    pipeline,
    log,
    defects,
    async open() {
      await pipeline.readPositions()
      pipeline.open()
    },
    receive(bytes: Uint8Array, atMs = Date.now(), connection = 1) {
      const frame = {
        category: 'linear',
        bytes,
        localTsUs: atMs * 1000,
        connection,
        index: index++,
      } as const
      recorder.onFrame(frame)
      pipeline.accept({ frame, ...normalizer.normalize(frame) }, recorder.place)
    },
    trades: () => {
      const entry = pipeline.sample().find(({ channel }) => channel === 'publicTrade')
      if (entry === undefined) throw new Error('no trades')
      return entry
    },
    imbalances: () => pipeline.sample().filter(({ imbalance }) => imbalance !== 0),
  }
}

async function storedIds(db: Database): Promise<string[]> {
  const rows = await db.selectFrom('public_trades').select('trade_id').orderBy('trade_id').execute()
  return rows.map(({ trade_id }) => trade_id)
}

const named = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `t${String(from + index).padStart(5, '0')}`)

const patience = () => AbortSignal.timeout(20_000)

describe('a pipeline on a journal', () => {
  it('reads on from the journal what finds no room, and ends at the tail', async () => {
    await using database = await ownDatabase()
    await migrate(database.db)
    const one = processOn(new Disk(), database.db, 20)
    for (let frame = 0; frame < 100; frame++)
      one.receive(tradesFrame(named(frame * 3, frame * 3 + 3)))
    expect(one.trades()).toMatchObject({ received: 300, waiting: 300, imbalance: 0 })
    await one.open()
    for (let frame = 100; frame < 200; frame++) {
      one.receive(tradesFrame(named(frame * 3, frame * 3 + 3)))
      if (frame % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
      expect(one.imbalances()).toEqual([])
    }
    expect(await one.pipeline.drain(patience())).toEqual({ lost: 0, left: 0 })
    expect(await storedIds(database.db)).toEqual(named(0, 600))
    expect(one.trades()).toMatchObject({
      received: 600,
      persisted: 600,
      duplicate: 0,
      waiting: 0,
      imbalance: 0,
    })
    expect(one.defects).toEqual([])
    expect(one.journal.released).toBe(one.journal.position)
  })

  it('stores once what a process left that was killed at any moment', async () => {
    await using database = await ownDatabase()
    await migrate(database.db)
    const disk = new Disk()
    for (let life = 0; life < 6; life++) {
      const one = processOn(disk, database.db, 20)
      for (let frame = 0; frame < 30; frame++) {
        const first = (life * 30 + frame) * 3
        one.receive(tradesFrame(named(first, first + 3)))
        if (frame === 5) await one.open()
        if (frame % 7 === life) await new Promise((resolve) => setTimeout(resolve, life * 3))
      }
      expect(one.imbalances()).toEqual([])
      // Killed: it stores nothing more.
      await one.pipeline.abandon()
    }
    const last = processOn(disk, database.db, 20)
    await last.open()
    expect(await last.pipeline.drain(patience())).toEqual({ lost: 0, left: 0 })
    expect(await storedIds(database.db)).toEqual(named(0, 6 * 90))
    expect(last.imbalances()).toEqual([])
    const third = processOn(disk, database.db)
    await third.open()
    await third.pipeline.drain(patience())
    // Positions were moved to the end: nothing is read again.
    expect(third.trades()).toMatchObject({ received: 0 })
  })

  it('reads again what a database lost that goes back, and counts it as received again', async () => {
    await using database = await ownDatabase()
    await migrate(database.db)
    const disk = new Disk()
    const one = processOn(disk, database.db)
    await one.open()
    one.receive(tradesFrame(named(0, 30)))
    await expect.poll(() => one.trades().persisted).toBe(30)
    const owner = { collector: 'test', journalId: disk.id }
    const before = await new JournalPositionRepository(database.db).read(owner)
    one.receive(tradesFrame(named(30, 60)))
    await expect.poll(() => one.trades().persisted).toBe(60)
    await database.db.transaction().execute(async (trx) => {
      await sql`delete from public_trades where trade_id >= 't00030'`.execute(trx)
      await sql`update journal_positions set position = ${before.get('publicTrade') ?? 0}`.execute(
        trx,
      )
    })
    one.receive(tradesFrame(named(60, 90)))
    await expect.poll(() => storedIds(database.db), { timeout: 10_000 }).toEqual(named(0, 90))
    await one.pipeline.drain(patience())
    expect(one.imbalances()).toEqual([])
    expect(one.trades().received).toBeGreaterThanOrEqual(120)
    expect(one.defects).toEqual([])
  })

  it('reads again what a database lost while a letter held the position', async () => {
    await using database = await ownDatabase()
    const { db } = database
    await migrate(db)
    await sql`alter table dead_letters rename to hidden`.execute(db)
    const one = processOn(new Disk(), db)
    await one.open()
    one.receive(REFUSED)
    one.receive(tradesFrame(named(0, 10)))
    await expect.poll(() => one.trades().persisted, { timeout: 60_000 }).toBe(10)
    await sql`create table backup as select * from journal_positions`.execute(db)
    one.receive(tradesFrame(named(10, 20)))
    await expect.poll(() => one.trades().persisted, { timeout: 60_000 }).toBe(20)
    await db.transaction().execute(async (trx) => {
      await sql`delete from public_trades where trade_id >= 't00010'`.execute(trx)
      await sql`delete from journal_positions`.execute(trx)
      await sql`insert into journal_positions select * from backup`.execute(trx)
    })
    await expect.poll(() => storedIds(db), { timeout: 60_000 }).toEqual(named(0, 20))
    await sql`alter table hidden rename to dead_letters`.execute(db)
    await one.pipeline.drain(patience())
    expect(one.imbalances()).toEqual([])
  })

  it('passes no dead letter that waits, and stores it after a kill', async () => {
    await using database = await ownDatabase()
    await migrate(database.db)
    await sql`alter table dead_letters rename to hidden`.execute(database.db)
    const disk = new Disk()
    const one = processOn(disk, database.db)
    await one.open()
    one.receive(tradesFrame(named(0, 3)))
    one.receive(REFUSED)
    one.receive(tradesFrame(named(3, 6)))
    await expect.poll(() => one.trades().persisted, { timeout: 10_000 }).toBe(6)
    expect(one.imbalances()).toEqual([])
    await one.pipeline.abandon()
    await sql`alter table hidden rename to dead_letters`.execute(database.db)
    const two = processOn(disk, database.db)
    await two.open()
    await two.pipeline.drain(patience())
    expect(await storedIds(database.db)).toEqual(named(0, 6))
    const letters = await new DeadLetterRepository(database.db).list()
    expect(new Set(letters.map(({ code }) => code))).toEqual(new Set(['STORE_REJECTED']))
    expect(two.imbalances()).toEqual([])
  })

  it('reads on past a start whose record is damaged', async () => {
    await using database = await ownDatabase()
    await migrate(database.db)
    const disk = new Disk()
    const first = processOn(disk, database.db)
    first.receive(tradesFrame(['before']))
    await first.pipeline.abandon()
    // What a reader gives of a boot that it cannot read.
    for (const item of disk.items)
      if (item.kind === 'boot') Object.assign(item, { environment: '' })
    const second = processOn(disk, database.db)
    await second.open()
    await second.pipeline.drain(patience())
    expect(second.defects).toEqual([])
    expect(await storedIds(database.db)).toEqual(['before'])
  })

  it('stores a gap that another process noted', async () => {
    await using database = await ownDatabase()
    await migrate(database.db)
    const disk = new Disk()
    const one = processOn(disk, database.db)
    const gap = {
      category: 'linear',
      channel: 'publicTrade',
      symbol: 'BTCUSDT',
      startTs: 1,
      endTs: 2,
      reason: 'stale',
    } as const
    one.pipeline.acceptGap(gap)
    await one.pipeline.abandon()
    const two = processOn(disk, database.db)
    await two.open()
    await two.pipeline.drain(patience())
    const gaps = await database.db.selectFrom('capture_gaps').select(['symbol', 'reason']).execute()
    expect(gaps).toEqual([{ symbol: 'BTCUSDT', reason: 'stale' }])
  })

  it('stores no row that would hide a gap before the gap outlives the process', async () => {
    await using database = await ownDatabase()
    await migrate(database.db)
    await sql`alter table capture_gaps rename to hidden`.execute(database.db)
    const one = processOn(new Disk(), database.db)
    await one.open()
    // Nothing is due to be moved, which would wait for the gap too.
    await expect
      .poll(() => Object.values(one.pipeline.positions), { timeout: 60_000 })
      .toEqual(Object.keys(one.pipeline.positions).map(() => one.journal.position))
    const before: unknown[] = []
    one.journal.flush = async () => {
      before.push(await storedIds(database.db))
      return one.journal.position
    }
    const gap = { category: 'linear', channel: 'publicTrade', symbol: 'BTCUSDT' } as const
    one.pipeline.acceptGap({ ...gap, startTs: 1, endTs: 2, reason: 'start' })
    one.receive(tradesFrame(named(0, 10)))
    await expect.poll(() => storedIds(database.db), { timeout: 60_000 }).toEqual(named(0, 10))
    expect(before).toEqual([[]])
    await one.pipeline.abandon()
  })

  it('has a gap as long as tickers cannot be understood after damage', async () => {
    await using database = await ownDatabase()
    await migrate(database.db)
    const disk = new Disk()
    const first = processOn(disk, database.db)
    first.receive(tickerFrame(1, NOW, 'snapshot'), NOW)
    for (let second = 1; second < 60; second++) {
      first.receive(tickerFrame(second + 1, NOW + second * 1000), NOW + second * 1000)
      first.receive(tradesFrame([`t${second}`]), NOW + second * 1000)
    }
    await first.pipeline.abandon()
    const at = (seconds: number) => (NOW + seconds * 1000) * 1000
    disk.damage(({ kind, localTsUs }) => kind === 'frame' && localTsUs === at(2))
    const second = processOn(disk, database.db, 1000, 10, BOTH)
    await second.open()
    await second.pipeline.drain(patience())
    expect(await storedGaps(database.db)).toEqual([
      { channel: 'publicTrade', symbol: 'BTCUSDT', startTs: NOW - 4000, endTs: NOW + 3000 },
      { channel: 'ticker', symbol: 'BTCUSDT', startTs: NOW - 4000, endTs: NOW + 59_000 },
    ])
    expect(second.imbalances()).toEqual([])
  })

  it('has a gap of every frame of a connection whose beginning is damaged', async () => {
    await using database = await ownDatabase()
    await migrate(database.db)
    const disk = new Disk()
    const first = processOn(disk, database.db)
    for (let second = 0; second < 60; second++)
      first.receive(tradesFrame([`t${second}`]), NOW + second * 1000)
    await first.pipeline.abandon()
    disk.damage(({ kind }) => kind === 'opened')
    const second = processOn(disk, database.db, 1000, 10, BOTH)
    await second.open()
    await second.pipeline.drain(patience())
    const gaps = (await storedGaps(database.db)).filter(({ channel }) => channel === 'publicTrade')
    expect(gaps.at(-1)).toMatchObject({ endTs: NOW + 59_000 })
    expect(Math.min(...gaps.map(({ startTs }) => startTs))).toBeLessThanOrEqual(NOW)
  })

  it('can read again what a connection brought that opened while the journal took nothing', async () => {
    await using database = await ownDatabase()
    await migrate(database.db)
    const disk = new Disk()
    const first = processOn(disk, database.db)
    first.journal.isRunning = false
    first.recorder.onControl({ type: 'opened', connection: 2, predecessor: null })
    const live = { type: 'live', stream: 'of a test' }
    first.recorder.note(live, NOW * 1000)
    first.receive(tickerFrame(1, NOW, 'snapshot'), NOW, 2)
    first.receive(tickerFrame(2, NOW + 1), NOW, 2)
    const gap = { category: 'linear', channel: 'publicTrade', symbol: 'BTCUSDT' } as const
    first.pipeline.acceptGap({ ...gap, startTs: 1, endTs: 2, reason: 'start' })
    first.journal.isRunning = true
    first.receive(tickerFrame(3, NOW + 2), NOW, 2)
    first.receive(tradesFrame(['kept']), NOW, 2)
    const notes = () => disk.items.flatMap((item) => (item.kind === 'note' ? item.note : []))
    expect(notes()).toContainEqual(live)
    first.pipeline.open()
    await expect.poll(() => notes().map(({ type }) => type), { timeout: 60_000 }).toContain('gap')
    await first.pipeline.abandon()
    await sql`truncate ticker_snapshots, public_trades, capture_gaps, journal_positions`.execute(
      database.db,
    )
    const second = processOn(disk, database.db)
    await second.open()
    await second.pipeline.drain(patience())
    expect(await storedIds(database.db)).toEqual(['kept'])
    const tickers = await database.db.selectFrom('ticker_snapshots').select('last_price').execute()
    expect(tickers.map(({ last_price }) => Number(last_price))).toEqual([3])
    expect(await storedGaps(database.db)).toMatchObject([{ startTs: 1, endTs: 2 }])
  })

  it('has a gap of what was dropped, or in memory alone, when a process is killed before it told that', async () => {
    await using database = await ownDatabase()
    await migrate(database.db)
    const disk = new Disk()
    // No second passes: what was dropped is not told yet.
    const clock = new SteppedClock()
    const first = processOn(disk, database.db, 10, 5, { ...BOTH, clock })
    await first.open()
    await expect.poll(() => first.pipeline.behind).toEqual([])
    first.receive(tradesFrame(named(0, 5)), NOW)
    await expect.poll(() => first.trades().persisted, { timeout: 60_000 }).toBe(5)
    first.journal.hasRoom = false
    for (let frame = 1; frame < 5; frame++)
      first.receive(tradesFrame(named(frame * 5, frame * 5 + 5)), NOW)
    expect(first.trades()).toMatchObject({ droppedBy: { journal_full: 10 } })
    await expect.poll(() => first.trades().persisted, { timeout: 60_000 }).toBe(15)
    first.journal.hasRoom = true
    first.receive(tradesFrame(named(25, 30)), NOW + 60_000)
    await expect.poll(() => first.trades().persisted, { timeout: 60_000 }).toBe(20)
    // Killed: it tells nothing more.
    const second = processOn(disk, database.db, 1000, 10, BOTH)
    await second.open()
    await second.pipeline.drain(patience())
    expect(await storedIds(database.db)).toEqual([...named(0, 15), ...named(25, 30)])
    const [gap, ...others] = await storedGaps(database.db)
    expect(others).toEqual([])
    expect(gap).toMatchObject({ channel: 'publicTrade', startTs: NOW - 5000 })
    expect(gap?.endTs).toBeGreaterThan(NOW)
    await first.pipeline.abandon()
  })

  it.each(['full', 'failing'] as const)(
    'has a gap of what a database lost that a %s journal did not hold',
    async (state) => {
      await using database = await ownDatabase()
      const { db } = database
      await migrate(db)
      const one = processOn(new Disk(), db, 1000, 5, BOTH)
      await one.open()
      one.receive(tradesFrame(named(0, 5)))
      await expect.poll(() => one.trades().persisted, { timeout: 60_000 }).toBe(5)
      await sql`create table backup as select * from journal_positions`.execute(db)
      if (state === 'full') one.journal.hasRoom = false
      else one.journal.isRunning = false
      one.receive(tradesFrame(named(5, 10)), NOW)
      await expect.poll(() => one.trades().persisted, { timeout: 60_000 }).toBe(10)
      await db.transaction().execute(async (trx) => {
        await sql`delete from public_trades where trade_id >= 't00005'`.execute(trx)
        await sql`delete from journal_positions`.execute(trx)
        await sql`insert into journal_positions select * from backup`.execute(trx)
      })
      await expect.poll(() => storedGaps(db), { timeout: 60_000 }).not.toEqual([])
      await one.pipeline.drain(patience())
      const [gap, ...others] = await storedGaps(db)
      expect(others).toEqual([])
      expect(gap).toMatchObject({ channel: 'publicTrade', startTs: NOW - 5000 })
      expect(gap?.endTs).toBeGreaterThanOrEqual(NOW)
      expect(await storedIds(db)).toEqual(named(0, 5))
      expect(one.imbalances()).toEqual([])
    },
  )

  it('leaves positions alone once another saver has its name', async () => {
    await using database = await ownDatabase()
    const { db } = database
    await migrate(db)
    const one = processOn(new Disk(), db)
    await one.open()
    one.receive(tradesFrame(named(0, 10)))
    await expect.poll(() => one.trades().persisted, { timeout: 60_000 }).toBe(10)
    const rows = () =>
      db.selectFrom('journal_positions').select(['journal_id', 'position']).execute()
    await sql`update journal_positions set position = 7, journal_id = ${crypto.randomUUID()}`.execute(
      db,
    )
    one.pipeline.leavePositions()
    const before = await rows()
    one.receive(tradesFrame(named(10, 20)))
    await expect.poll(() => one.trades().persisted, { timeout: 60_000 }).toBe(20)
    expect(await one.pipeline.drain(patience())).toEqual({ lost: 0, left: 0 })
    expect(await rows()).toEqual(before)
    expect(one.trades()).toMatchObject({ received: 20, imbalance: 0 })
  })

  it('refuses a journal that is older than the database, however often it is started', async () => {
    await using database = await ownDatabase()
    await migrate(database.db)
    const disk = new Disk()
    const first = processOn(disk, database.db)
    await first.open()
    first.receive(tradesFrame(named(0, 10)))
    await expect.poll(() => first.trades().persisted, { timeout: 60_000 }).toBe(10)
    await first.pipeline.drain(patience())
    const move = (by: number) =>
      sql`update journal_positions set position = position + ${by}`.execute(database.db)
    await move(2 * 2 ** 24)
    for (let life = 0; life < 4; life++) {
      const next = processOn(disk, database.db)
      await expect(next.open()).rejects.toMatchObject({ code: 'JOURNAL_TOO_OLD' })
      await next.pipeline.abandon()
    }
    // With the database that belongs to it, it begins.
    await move(-2 * 2 ** 24)
    const last = processOn(disk, database.db)
    await last.open()
    await last.pipeline.drain(patience())
  })

  it('has a gap where it was to be given what the journal has not', async () => {
    await using database = await ownDatabase()
    await migrate(database.db)
    const disk = new Disk()
    const one = processOn(disk, database.db, 10, 10, BOTH)
    for (let frame = 0; frame < 30; frame++) one.receive(tradesFrame([`t${frame}`]), NOW)
    const from = disk.items.findIndex(({ kind }) => kind === 'frame')
    disk.items.splice(from + 20, 5)
    await one.open()
    await one.pipeline.drain(patience())
    expect(one.trades()).toMatchObject({ persisted: 25, droppedBy: { journal_lost: 5 } })
    expect(await storedGaps(database.db)).toMatchObject([
      { channel: 'publicTrade', startTs: NOW - 5000 },
    ])
    expect(one.imbalances()).toEqual([])
  })

  it('moves no position past damage whose gap is not told yet', async () => {
    await using database = await ownDatabase()
    await migrate(database.db)
    const disk = new Disk()
    const first = processOn(disk, database.db)
    for (let frame = 0; frame < 30; frame++) first.receive(tradesFrame([`t${frame}`]))
    await first.pipeline.abandon()
    const frames = disk.items.filter(({ kind }) => kind === 'frame')
    const [damaged, last] = [frames[10]?.position ?? 0, frames[29]?.position ?? 0]
    disk.damage(({ position }) => position === damaged)
    const stuck = new Promise(() => {})
    const second = processOn(disk, database.db, 1000, 10, {
      ...BOTH,
      onJournalItem: ({ position }) => (position === last ? stuck : null),
    })
    await second.open()
    await expect.poll(() => second.trades().persisted, { timeout: 60_000 }).toBe(28)
    const owner = { collector: 'test', journalId: disk.id }
    const positions = await new JournalPositionRepository(database.db).read(owner)
    expect(positions.get('publicTrade')).toBeLessThan(damaged)
    await second.pipeline.abandon()
  })

  it('drops, with a gap, only what finds no room anywhere', async () => {
    await using database = await ownDatabase()
    await migrate(database.db)
    const one = processOn(new Disk(), database.db, 10)
    one.receive(tradesFrame(named(0, 5)))
    one.journal.isRunning = false
    one.receive(tradesFrame(named(5, 8)))
    expect(one.trades()).toMatchObject({
      received: 8,
      waiting: 5,
      droppedBy: { journal_full: 3 },
      imbalance: 0,
    })
    one.journal.isRunning = true
    await one.open()
    await expect.poll(() => one.pipeline.behind).toEqual([])
    one.journal.isRunning = false
    // At the tail what the journal does not take goes on from memory.
    one.receive(tradesFrame(named(8, 11)))
    await one.pipeline.drain(patience())
    expect(await storedIds(database.db)).toEqual([...named(0, 5), ...named(8, 11)])
    expect(one.imbalances()).toEqual([])
    const gaps = await database.db.selectFrom('capture_gaps').select(['symbol', 'reason']).execute()
    expect(gaps).toEqual([{ symbol: 'BTCUSDT', reason: 'queue_full' }])
  })
})

describe('a recorder', () => {
  const frame = {
    category: 'linear',
    bytes: tradesFrame(['a']),
    localTsUs: 1,
    connection: 1,
  } as const
  const recorderOn = (journal: Journal) => {
    let checkpoints = 0
    const recorder = new StreamRecorder({
      journal,
      category: 'linear',
      accountId: null,
      priorityOf: () => 'market',
      checkpoint: () => {
        checkpoints += 1
        return []
      },
    })
    recorder.onControl({ type: 'opened', connection: 1, predecessor: null })
    return {
      count: () => checkpoints,
      receive: (frames: number) => {
        for (let index = 0; index < frames; index++) recorder.onFrame({ ...frame, index })
      },
    }
  }

  it('writes what is remembered for no journal that nobody reads', () => {
    const recorder = recorderOn(new MemoryJournal())
    recorder.receive(5)
    expect(recorder.count()).toBe(0)
  })

  it('writes it once after frames that were refused, and not while tickers still are', () => {
    const journal = new FakeJournal(new Disk())
    let refused: readonly string[] = ['expendable', 'market']
    Object.assign(journal, { accepts: (priority: string) => !refused.includes(priority) })
    const recorder = recorderOn(journal as unknown as Journal)
    recorder.receive(2)
    refused = ['expendable']
    recorder.receive(5)
    expect(recorder.count()).toBe(0)
    refused = []
    recorder.receive(5)
    expect(recorder.count()).toBe(1)
  })
})
