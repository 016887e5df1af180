import { systemClock } from '@grid/core-events'
import { createDatabase } from '@grid/db'
import { sql } from 'kysely'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { prepareDatabase } from '../../src/storage/prepare-database.ts'
import { loadTestConfig, ownDatabase } from '../support/rig.ts'

const name = `grid_test_${crypto.randomUUID().slice(0, 8)}`
let database: Awaited<ReturnType<typeof ownDatabase>>
let url: URL
beforeAll(async () => {
  database = await ownDatabase()
  url = new URL(database.url)
  await sql`create role ${sql.ref(name)} login password 'p'`.execute(database.db)
  const owned = sql.ref(url.pathname.slice(1))
  await sql`alter database ${owned} owner to ${sql.ref(name)}`.execute(database.db)
  url.username = name
  url.password = 'p'
})
afterAll(async () => {
  await database[Symbol.asyncDispose]()
  const other = await ownDatabase()
  await sql`drop role ${sql.ref(name)}`.execute(other.db)
  await other[Symbol.asyncDispose]()
})

/** Prepares the database as the login; `claim` may fail. Gives what was logged. */
async function prepare(claim: () => Promise<void> = async () => {}): Promise<unknown[]> {
  const codes: unknown[] = []
  const log = pino({}, { write: (line: string) => codes.push(JSON.parse(line).code) })
  const db = createDatabase({ url: url.href })
  const { signal } = new AbortController()
  const config = loadTestConfig('ws://127.0.0.1:9', url.href)
  const options = { db, config, log, signal, claim, clock: systemClock, exitOnDbError: false }
  try {
    expect(await prepareDatabase(options)).toBe(true)
    return codes
  } finally {
    await db.destroy()
  }
}

it('a login that may not have the connections of a saver is refused at once, and is told its limit', async () => {
  const limit = async (kind: 'role' | 'database', count: number): Promise<void> => {
    const of = kind === 'role' ? name : url.pathname.slice(1)
    const statement = sql`alter ${sql.raw(kind)} ${sql.ref(of)} connection limit ${sql.lit(count)}`
    await statement.execute(database.db)
  }
  for (const kind of ['role', 'database'] as const) {
    await limit(kind, 3)
    await expect(prepare()).rejects.toMatchObject({
      exitCode: 78,
      message: expect.stringMatching(
        new RegExp(`EVENTSAVER_DATABASE_URL: the ${kind} grid_test_\\w+ may have 3 connections`),
      ),
    })
    await limit(kind, 8)
    await prepare()
    await limit(kind, -1)
  }
})

it('what is left to do about roles is logged once, however many attempts there are', async () => {
  let failures = 2
  const codes = await prepare(async () => {
    failures -= 1
    if (failures >= 0) throw Object.assign(new Error('too many connections'), { code: '53300' })
  })
  expect(codes.filter((code) => code === 'DATABASE_ROLES')).toHaveLength(1)
  expect(codes).toContain('DATABASE_UNREACHABLE')
})
