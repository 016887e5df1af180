import type { PublicTradeEvent } from '@grid/core-events'
import { systemClock } from '@grid/core-events'
import { DeadLetterRepository, migrate } from '@grid/db'
import { CompiledQuery, type Kysely, sql } from 'kysely'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { MemoryJournal } from '../../src/journal/journal.ts'
import { Pipeline } from '../../src/pipeline/pipeline.ts'
import { PipelineLog } from '../../src/pipeline/pipeline-log.ts'
import { LastingRefusal } from '../../src/pipeline/writers/lasting-refusal.ts'
import { ownDatabase } from '../support/rig.ts'
import { SteppedClock } from '../support/stepped-clock.ts'

const NOW_US = Date.now() * 1000
const ENOUGH = { timeout: 60_000 }

function trade(tradeId: string, price: string): PublicTradeEvent {
  return {
    channel: 'publicTrade',
    category: 'linear',
    symbol: 'BTCUSDT',
    exchangeTs: Math.floor(NOW_US / 1000),
    localTsUs: NOW_US,
    source: 'ws',
    tradeId,
    side: 'Buy',
    price,
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
}

/** Counts the inserts into a table; a rollback does not take the count back. */
async function countInserts(db: Kysely<never>, table: string): Promise<() => Promise<number>> {
  for (const statement of [
    'create sequence inserts',
    `create function count_insert() returns trigger language plpgsql as
       $$ begin perform nextval('inserts'); return null; end $$`,
    `create trigger count_insert before insert on ${table} for each statement execute function count_insert()`,
  ]) {
    await db.executeQuery(CompiledQuery.raw(statement))
  }
  return async () => {
    const { rows } = await sql<{ n: string }>`
      select case when is_called then last_value else 0 end as n from inserts`.execute(db)
    return Number(rows[0]?.n)
  }
}

describe('a row that PostgreSQL refuses in a batch of 1000', () => {
  it.each([0, 1, 333, 499, 500, 999])(
    'at place %i costs one dead letter and fewer than 25 inserts, and the others are stored',
    { timeout: 120_000 },
    async (place) => {
      await using database = await ownDatabase()
      const { db } = database
      await migrate(db)
      await sql`alter table public_trades add constraint planted check (price <> 13)`.execute(db)
      const inserts = await countInserts(db as never, 'public_trades')
      const pipeline = new Pipeline({
        db,
        journal: new MemoryJournal(),
        clock: systemClock,
        collector: 'test',
        environment: 'simulated',
        batchSize: 1000,
        flushIntervalMs: 5,
        maxWaiting: 2000,
        gapThresholdMs: 0,
        handlers: new PipelineLog(pino({ level: 'silent' })),
        onDefect: (error) => {
          throw error
        },
      })
      const events = Array.from({ length: 1000 }, (_, n) =>
        // In the order of their key, which is the order of a batch.
        trade(String(n).padStart(4, '0'), n === place ? '13' : '12'),
      )
      pipeline.open()
      expect(await pipeline.acceptRows({ events, deadLetters: [] })).toBe(true)
      const { rows } = await sql<{ stored: number; refused: number }>`
        select count(*)::integer as stored, count(*) filter (where price = 13)::integer as refused
        from public_trades`.execute(db)
      expect(rows).toEqual([{ stored: 999, refused: 0 }])
      expect(await inserts()).toBeLessThan(25)
      const letters = await new DeadLetterRepository(db).list()
      expect(letters).toMatchObject([
        {
          code: 'STORE_REJECTED',
          channel: 'publicTrade',
          reason: expect.stringMatching(/planted/),
        },
      ])
      expect(Buffer.from(letters[0]?.raw ?? []).toString()).toContain(
        `"tradeId":"${String(place).padStart(4, '0')}"`,
      )
      expect(pipeline.sample().find(({ channel }) => channel === 'publicTrade')).toMatchObject({
        received: 1000,
        persisted: 999,
        deadLettered: 1,
        imbalance: 0,
      })
      await pipeline.drain(AbortSignal.timeout(ENOUGH.timeout))
    },
  )
})

describe('LastingRefusal', () => {
  const refusal = Object.assign(new Error('no such table'), { code: '42P01' })
  const passing = Object.assign(new Error('shutting down'), { code: '57P01' })

  it('is told once, of a refusal that lasts ten seconds', async () => {
    const clock = new SteppedClock()
    const told: unknown[] = []
    const lasting = new LastingRefusal(clock, (error) => told.push(error))
    lasting.note(refusal, 1)
    await clock.step(9999)
    lasting.note(refusal, 2)
    expect(told).toEqual([])
    await clock.step(1)
    lasting.note(refusal, 3)
    lasting.note(refusal, 4)
    expect(told).toEqual([refusal])
  })

  it('is not told of refusals with a success or a passing failure between them', async () => {
    const clock = new SteppedClock()
    const told: unknown[] = []
    const lasting = new LastingRefusal(clock, (error) => told.push(error))
    for (const between of [passing, null]) {
      lasting.note(refusal, 1)
      await clock.step(8000)
      lasting.note(between, between === null ? 0 : 2)
      await clock.step(8000)
      lasting.note(refusal, 3)
    }
    expect(told).toEqual([])
  })
})
