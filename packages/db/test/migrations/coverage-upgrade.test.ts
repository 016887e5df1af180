import { randomUUID } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  CollectorRepository,
  coverage,
  type GridDatabase,
  JournalPositionRepository,
  LineRepository,
  migrate,
  SpanRepository,
  WantedRepository,
} from '../../src/index.ts'
import { DATABASES, type OpenedDatabase, START_TIMEOUT_MS } from '../support/databases.ts'
import { T0 } from '../support/events.ts'
import { migrateTo } from '../support/older-schema.ts'

/** The version before the ledger. */
const BEFORE = 14
const OTHER = { category: 'linear', channel: 'ticker', symbol: 'ETHUSDT' } as const
const STREAM = { category: 'linear', channel: 'ticker', symbol: 'BTCUSDT' } as const

interface Owner {
  readonly collector: string
  readonly journalId: string
}

/** Begins a position as version 14 does; true when it began. */
async function beginBefore(db: Kysely<GridDatabase>, owner: Owner, to: number): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into journal_positions as stored (collector, channel, journal_id, position)
    values (${owner.collector}::text, 'ticker'::text, ${owner.journalId}::uuid, ${to}::bigint)
    on conflict (collector, channel) do update
      set journal_id = excluded.journal_id, position = excluded.position, moved_at = now()
      where stored.journal_id <> excluded.journal_id`.execute(db)
  return numAffectedRows === 1n
}

/** Moves it, likewise. */
async function moveBefore(
  db: Kysely<GridDatabase>,
  { collector, journalId }: Owner,
  from: number,
  to: number,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update journal_positions
    set position = ${to}::bigint, moved_at = now()
    where (collector, channel, journal_id, position)
      = (${collector}::text, 'ticker'::text, ${journalId}::uuid, ${from}::bigint)`.execute(db)
  return numAffectedRows === 1n
}

describe.each(DATABASES)(
  'the ledger, migrated to on %s,',
  { timeout: START_TIMEOUT_MS },
  (_name, open) => {
    let opened: OpenedDatabase
    const first = { collector: 'c', journalId: randomUUID() }
    const second = { collector: 'c', journalId: randomUUID() }
    const read = () => coverage(opened.db, { stream: STREAM, from: T0, to: T0 + 1000 })

    beforeAll(async () => {
      opened = await open()
      await migrateTo(opened.db, BEFORE)
      expect(await beginBefore(opened.db, first, 5)).toBe(true)
      expect(await migrate(opened.db)).toMatchObject({
        applied: expect.arrayContaining(['0015-coverage']),
      })
    }, START_TIMEOUT_MS)
    afterAll(() => opened.close())

    it('keeps the positions, and covers nothing by them', async () => {
      const { db } = opened
      const positions = new JournalPositionRepository(db)
      expect(Object.fromEntries(await positions.read(first))).toEqual({ ticker: 5 })
      const collectorId = await new CollectorRepository(db).register(first)
      await new WantedRepository(db).begin('c', [{ stream: STREAM, from: T0 }])
      const lines = new LineRepository(db)
      const { lineId } = await lines.open({ collectorId, position: 1, openedAt: T0 })
      await new SpanRepository(db).claim(lineId, [{ stream: STREAM, from: T0 }])
      await lines.end({ lineId, until: T0 + 600, cause: 'closed' })
      expect(await read()).toEqual([
        { state: 'pending', from: T0, to: T0 + 600, evidence: null },
        { state: 'gap', from: T0 + 600, to: T0 + 1000, evidence: null },
      ])
    })

    it('does not stop version 14 from moving positions, which cover no more by that', async () => {
      const { db } = opened
      const positions = new JournalPositionRepository(db)
      expect(await moveBefore(db, first, 5, 6)).toBe(true)
      expect((await read()).map(({ state }) => state)).toEqual(['pending', 'gap'])
      const move = { ...first, channel: 'ticker', from: 6, to: 7, storedUntil: T0 + 400 }
      expect(await positions.move(db, move)).toBe(true)
      const covered = [
        { state: 'covered', from: T0, to: T0 + 400, evidence: 'live' },
        { state: 'pending', from: T0 + 400, to: T0 + 600, evidence: null },
        { state: 'gap', from: T0 + 600, to: T0 + 1000, evidence: null },
      ]
      expect(await read()).toEqual(covered)
      expect(await moveBefore(db, first, 7, 8)).toBe(true)
      // It says nothing of what is stored, and a smaller time takes nothing back.
      expect(await positions.move(db, { ...first, channel: 'ticker', from: 8, to: 9 })).toBe(true)
      expect(await positions.move(db, { ...move, from: 9, to: 10, storedUntil: T0 })).toBe(true)
      expect(await read()).toEqual(covered)
    })

    it('keeps what a journal had stored when version 14 begins another one', async () => {
      const { db } = opened
      await sql`update journal_positions set moved_at = now() - interval '11 minutes'`.execute(db)
      expect((await read()).map(({ state }) => state)).toEqual(['covered', 'gap'])
      await sql`update journal_positions set moved_at = now()`.execute(db)
      const before = await read()
      expect(before.map(({ state }) => state)).toEqual(['covered', 'pending', 'gap'])
      expect(await beginBefore(db, second, 3)).toBe(true)
      // Nobody will store what else it has.
      expect(await read()).toEqual([
        before[0],
        { state: 'gap', from: T0 + 400, to: T0 + 1000, evidence: null },
      ])
      // The new journal has nothing of the old one's time.
      const collectorId = await new CollectorRepository(db).register(second)
      const lines = new LineRepository(db)
      const { lineId } = await lines.open({ collectorId, position: 1, openedAt: T0 })
      const both = [STREAM, OTHER].map((stream) => ({ stream, from: T0 + 300 }))
      await new WantedRepository(db).begin('c', both)
      await new SpanRepository(db).claim(lineId, both)
      await lines.end({ lineId, until: T0 + 700, cause: 'closed' })
      expect(await read()).toEqual([
        before[0],
        { state: 'pending', from: T0 + 400, to: T0 + 700, evidence: null },
        { state: 'gap', from: T0 + 700, to: T0 + 1000, evidence: null },
      ])
      const other = await coverage(db, { stream: OTHER, from: T0, to: T0 + 1000 })
      expect(other.map(({ state }) => state)).toEqual(['pending', 'gap'])
      const positions = new JournalPositionRepository(db)
      const move = { ...second, channel: 'ticker', from: 3, to: 4, storedUntil: T0 + 500 }
      expect(await positions.move(db, move)).toBe(true)
      expect((await read())[0]).toMatchObject({ state: 'covered', from: T0, to: T0 + 500 })
    })
  },
)
