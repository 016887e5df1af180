import { type Simulator, startSimulator } from '@grid/bybit-sim'
import { type GridDatabase, migrate } from '@grid/db'
import type { TestDatabaseOptions } from '@grid/testing'
import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeSaver, ownDatabase, type TestSaver } from '../support/rig.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

/** The environment of a saver that captures the simulator. */
const OURS = 'custom:127.0.0.1'

interface Refusal {
  readonly code: string
  readonly options?: TestDatabaseOptions
  readonly env?: Readonly<Record<string, string>>
  readonly prepare?: (db: Kysely<GridDatabase>) => Promise<unknown>
  readonly url?: (url: URL) => void
}

/** Every way in which a database refuses a start at its first answer. */
const REFUSALS: readonly Refusal[] = [
  { code: 'ENVIRONMENT_MISMATCH', prepare: (db) => migrate(db, { environment: 'testnet' }) },
  { code: 'ENCODING_UNSUPPORTED', options: { encoding: 'LATIN1' } },
  { code: 'MIGRATIONS_PENDING', env: { EVENTSAVER_MIGRATE: 'check' } },
  {
    code: 'SCHEMA_TOO_NEW',
    prepare: async (db) => {
      await migrate(db, { environment: OURS })
      await sql`update grid_meta set schema_version = 99, min_writer = 99`.execute(db)
    },
  },
  { code: '42P07', prepare: (db) => sql`create table capture_gaps (id integer)`.execute(db) },
  {
    code: '3D000',
    url: (url) => {
      url.pathname = '/no_such_database'
    },
  },
  {
    // 28000 where local users need no password, else 28P01.
    code: '28',
    url: (url) => {
      url.username = 'no_such_role'
    },
  },
]

let sim: Simulator
beforeAll(async () => {
  sim = await startSimulator({ symbols: ['BTCUSDT'], tradesPerSecond: 50 })
})
afterAll(() => sim[Symbol.asyncDispose]())

const codes = ({ log }: TestSaver): unknown[] => log.flatMap(({ code }) => code ?? [])
const ONE = { EVENTSAVER_SYMBOLS: 'BTCUSDT' }

/** Starts a saver, lets it receive trades, then lets it reach its database and gives why it ended. */
async function failWith(
  test: TestSaver,
  letAnswer: () => void,
): Promise<{ code: unknown; left: number }> {
  const { saver } = test
  await saver.start()
  await expect.poll(() => saver.pipeline.waitingInAll, { timeout: 120_000 }).toBeGreaterThan(0)
  letAnswer()
  const code = await saver.failure.catch((error: unknown) => (error as { code?: unknown }).code)
  const { left } = await saver.stop(AbortSignal.abort())
  expect(saver.pipeline.sample().filter(({ imbalance }) => imbalance !== 0)).toEqual([])
  return { code, left }
}

describe('a start that is refused', () => {
  it.each(REFUSALS)(
    'by $code leaves what arrived in the journal, and logs no loss of evidence',
    async (refusal) => {
      const { options, env = {}, prepare, url: change } = refusal
      await using database = await ownDatabase(options)
      await prepare?.(database.db)
      await using proxy = await TcpProxy.to(database.url)
      proxy.hold()
      const url = new URL(proxy.through(database.url))
      change?.(url)
      const test = makeSaver(sim.wsUrl, url.href, { ...ONE, ...env })
      const { code, left } = await failWith(test, () => proxy.up())
      expect(String(code)).toMatch(new RegExp(`^${refusal.code}`))
      expect(left).toBeGreaterThan(0)
      expect(codes(test)).not.toContain('EVIDENCE_LOST')
      expect(codes(test)).toContain('START_REFUSED')
    },
  )

  it('because the database is away and is not waited for logs no loss of evidence', async () => {
    await using database = await ownDatabase()
    await using proxy = await TcpProxy.to(database.url)
    proxy.hold()
    const options = { exitOnDbError: true }
    const test = makeSaver(sim.wsUrl, proxy.through(database.url), ONE, options)
    const { code } = await failWith(test, () => {
      proxy.down()
      proxy.up()
      proxy.down()
    })
    expect(code).toBe('DATABASE_UNREACHABLE')
    expect(codes(test)).not.toContain('EVIDENCE_LOST')
  })
})

it('a database that was waited for and then refuses is a loss with a journal in memory, with its evidence', async () => {
  await using database = await ownDatabase()
  await migrate(database.db, { environment: 'testnet' })
  await using proxy = await TcpProxy.to(database.url)
  proxy.down()
  const memory = { ...ONE, EVENTSAVER_JOURNAL: 'memory' }
  const test = makeSaver(sim.wsUrl, proxy.through(database.url), memory)
  await test.saver.start()
  await expect.poll(() => codes(test), { timeout: 120_000 }).toContain('DATABASE_UNREACHABLE')
  await expect.poll(() => test.saver.pipeline.waitingInAll, { timeout: 120_000 }).toBeGreaterThan(0)
  proxy.up()
  await expect(test.saver.failure).rejects.toMatchObject({ code: 'ENVIRONMENT_MISMATCH' })
  await test.saver.stop(AbortSignal.abort())
  expect(codes(test)).toContain('EVIDENCE_LOST')
  expect(codes(test)).not.toContain('START_REFUSED')
})
