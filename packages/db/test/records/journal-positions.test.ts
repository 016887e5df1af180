import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { JournalPositionRepository, migrate } from '../../src/index.ts'
import {
  DATABASES,
  type OpenedDatabase,
  openPostgres,
  START_TIMEOUT_MS,
} from '../support/databases.ts'

const journalId = randomUUID()

describe.each(DATABASES)('positions on %s', (_name, open) => {
  let opened: OpenedDatabase
  let positions: JournalPositionRepository
  beforeAll(async () => {
    opened = await open()
    await migrate(opened.db)
    positions = new JournalPositionRepository(opened.db)
  }, START_TIMEOUT_MS)
  afterAll(() => opened.close())

  const read = async (owner: { collector: string; journalId: string }) =>
    Object.fromEntries(await positions.read(owner))

  it('move only from where they are', async () => {
    const owner = { collector: 'moved', journalId }
    const move = (channel: string, from: number | null, to: number) =>
      positions.move(opened.db, { ...owner, channel, from, to })
    expect(await read(owner)).toEqual({})
    expect(await move('publicTrade', 0, 7)).toBe(false)
    expect(await move('publicTrade', null, 7)).toBe(true)
    expect(await move('publicTrade', null, 8)).toBe(false)
    expect(await move('publicTrade', 6, 9)).toBe(false)
    expect(await move('dead_letters', null, 0)).toBe(true)
    expect(await move('Füllung 1"', null, 1)).toBe(true)
    // The largest that a journal gives.
    expect(await move('publicTrade', 7, Number.MAX_SAFE_INTEGER)).toBe(true)
    expect(await move('dead_letters', 0, 0)).toBe(true)
    expect(await read(owner)).toEqual({
      publicTrade: Number.MAX_SAFE_INTEGER,
      dead_letters: 0,
      'Füllung 1"': 1,
    })
  })

  it('never move backwards, nor by parts of a step', async () => {
    const owner = { collector: 'backwards', journalId, channel: 'ticker' }
    await positions.move(opened.db, { ...owner, from: null, to: 5 })
    for (const [from, to] of [
      [5, 4],
      [null, -1],
      [5, 5.5],
      [5, Number.NaN],
      [5, 2 ** 53],
    ] as const) {
      const moving = positions.move(opened.db, { ...owner, from, to })
      await expect(moving).rejects.toThrow(
        `the position of ticker would move from ${from} to ${to}`,
      )
    }
    expect(await read(owner)).toEqual({ ticker: 5 })
  })

  it('of another journal are replaced at the first move, those of another collector stay', async () => {
    const old = { collector: 'replaced', journalId }
    const fresh = { collector: 'replaced', journalId: randomUUID() }
    const other = { collector: 'other', journalId }
    for (const owner of [old, other]) {
      for (const channel of ['ticker', 'order']) {
        await positions.move(opened.db, { ...owner, channel, from: null, to: 1000 })
      }
    }
    expect(await read(fresh)).toEqual({})
    expect(
      await positions.move(opened.db, { ...fresh, channel: 'ticker', from: 1000, to: 1001 }),
    ).toBe(false)
    expect(
      await positions.move(opened.db, { ...fresh, channel: 'ticker', from: null, to: 3 }),
    ).toBe(true)
    expect(await read(fresh)).toEqual({ ticker: 3 })
    expect(await read(old)).toEqual({ order: 1000 })
    expect(await read(other)).toEqual({ ticker: 1000, order: 1000 })
    // A process that still has the old journal moves no further.
    expect(
      await positions.move(opened.db, { ...old, channel: 'ticker', from: 1000, to: 1001 }),
    ).toBe(false)
    expect(await read(fresh)).toEqual({ ticker: 3 })
  })

  it('stay where they are when the transaction is rolled back', async () => {
    const owner = { collector: 'undone', journalId, channel: 'ticker' }
    await positions.move(opened.db, { ...owner, from: null, to: 1 })
    const undone = opened.db.transaction().execute(async (trx) => {
      expect(await positions.move(trx, { ...owner, from: 1, to: 2 })).toBe(true)
      throw new Error('undone')
    })
    await expect(undone).rejects.toThrow('undone')
    expect(await read(owner)).toEqual({ ticker: 1 })
  })
})

it('two transactions that move one position wait for each other, and one of them moves it', async () => {
  const opened = await openPostgres()
  try {
    await migrate(opened.db)
    const positions = new JournalPositionRepository(opened.db)
    const owner = { collector: 'both', journalId, channel: 'ticker' }
    for (const [from, to] of [
      [null, 1],
      [1, 2],
    ] as const) {
      let second: Promise<boolean> | undefined
      const first = await opened.db.transaction().execute(async (trx) => {
        const isMoved = await positions.move(trx, { ...owner, from, to })
        second = positions.move(opened.db, { ...owner, from, to })
        await waiting(opened.db)
        return isMoved
      })
      expect([first, await second]).toEqual([true, false])
    }
  } finally {
    await opened.close()
  }
})

/** Resolves once a statement of this database waits for a lock. */
async function waiting(db: OpenedDatabase['db']): Promise<void> {
  for (;;) {
    const { rows } = await sql`
      select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(db)
    if (rows.length > 0) return
  }
}
