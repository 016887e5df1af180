import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret } from '@grid/core-events'
import { createDatabase, migrate } from '@grid/db'
import { CompiledQuery, type Kysely, sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { examineDatabase } from '../../src/doctor/database.ts'
import type { Finding } from '../../src/doctor/finding.ts'
import { examineHttpAddress } from '../../src/doctor/http-address.ts'
import { examineDataDir } from '../../src/doctor/machine.ts'
import { examineVariables } from '../../src/doctor/settings.ts'
import { ownDatabase } from '../support/rig.ts'

const STAMP = { environment: 'custom:127.0.0.1' }

async function run<Schema>(db: Kysely<Schema>, statement: string): Promise<void> {
  await db.executeQuery(CompiledQuery.raw(statement))
}

/** A login with rights on a database of its own; dropped with the scope. */
async function ownLogin({ db, url }: Awaited<ReturnType<typeof ownDatabase>>, more = '') {
  const name = `grid_test_${crypto.randomUUID().slice(0, 8)}`
  await run(db, `create role ${name} login password 'p' ${more}`)
  const own = new URL(url)
  own.username = name
  own.password = 'p'
  return {
    name,
    url: own.href,
    async [Symbol.asyncDispose]() {
      await run(db, `drop owned by ${name} cascade`)
      await run(db, `drop role ${name}`)
    },
  }
}

async function findings(url: string): Promise<Finding[]> {
  const env = { EVENTSAVER_DATABASE_URL: url, EVENTSAVER_WS_URL: 'ws://127.0.0.1:9' }
  const loaded = loadConfig({ flags: {}, env, cwd: process.cwd() })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults))
  return examineDatabase(loaded.config)
}

async function problems(url: string): Promise<string[]> {
  const all = await findings(url)
  return all.flatMap(({ ok, code, detail, fix }) => (ok ? [] : [`${code}: ${detail}; ${fix}`]))
}

/** Everything that a database holds: relations and rows of the tables that a trial writes to. */
async function contents(db: Kysely<never>): Promise<unknown> {
  const { rows } = await sql<{ name: string }>`
    select relname::text as name from pg_class
    where relnamespace = 'public'::regnamespace order by name`.execute(db)
  const tables = rows.filter(({ name }) => name === 'dead_letters' || name === 'capture_gaps')
  const counts = await Promise.all(
    tables.map(({ name }) => sql`select count(*) from ${sql.table(name)}`.execute(db)),
  )
  return [rows, counts.map((count) => count.rows)]
}

describe('doctor tries what a capture would do', () => {
  it('in an empty database and in a migrated one, and leaves nothing behind', async () => {
    await using database = await ownDatabase()
    const db = database.db as unknown as Kysely<never>
    for (const [prepare, known] of [
      [async () => {}, []],
      [() => migrate(database.db, STAMP), ['INSTRUMENTS true']],
    ] as const) {
      await prepare()
      const before = await contents(db)
      expect((await findings(database.url)).map(({ ok, code }) => `${code} ${ok}`)).toEqual([
        'DATABASE true',
        'CONNECTIONS true',
        'JOURNAL true',
        ...known,
        'TRIAL true',
      ])
      expect(await contents(db)).toEqual(before)
    }
    const trial = (await findings(database.url)).at(-1)
    expect(trial?.detail).toContain('cannot see how much room')
  })

  it('in an embedded database', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'grid-trial-'))
    try {
      const url = `pglite:${folder}/grid`
      const db = createDatabase({ url })
      await migrate(db, STAMP).finally(() => db.destroy())
      expect(await problems(url)).toEqual([])
    } finally {
      rmSync(folder, { recursive: true })
    }
  }, 300_000)

  it('and finds that the tables cannot be made', async () => {
    await using database = await ownDatabase()
    await using login = await ownLogin(database)
    // Without this right nothing is found by looking at the schema alone.
    await run(database.db, `grant create on schema public to ${login.name}`)
    await run(database.db, FORBIDDEN('grid_meta', '42501'))
    expect(await problems(login.url)).toEqual([
      expect.stringMatching(/^TRIAL: the tables cannot be made: not today; grant the privilege/),
    ])
  })

  it('and finds a table that cannot be written', async () => {
    await using database = await ownDatabase()
    await migrate(database.db, STAMP)
    await run(
      database.db,
      `create function refuse() returns trigger language plpgsql as
       $$ begin raise 'no letters' using errcode = '42501'; end $$;
       create trigger refuse before insert on dead_letters
       for each row execute function refuse()`,
    )
    expect(await problems(database.url)).toEqual([
      expect.stringMatching(/^TRIAL: a row cannot be inserted \(dead_letters\): no letters/),
    ])
  })

  it.each([
    ['public_trades_y2019m01d01', '42501', /^TRIAL: the partition .* \(public_trades\).*grant/],
    ['grid_rehearsal', '53100', /^TRIAL: the server has no room .*; free space on the server/],
  ])('and finds that %s is refused with %s', async (table, code, message) => {
    await using database = await ownDatabase()
    await migrate(database.db, STAMP)
    await run(database.db, FORBIDDEN(table, code))
    expect(await problems(database.url)).toEqual([expect.stringMatching(message)])
  })

  it('and finds too few free connections, of the server, the database and the role', async () => {
    await using database = await ownDatabase()
    await using login = await ownLogin(database, 'connection limit 5')
    await run(database.db, `grant create on schema public to ${login.name}`)
    const { rows } = await sql<{ name: string }>`select current_database() as name`.execute(
      database.db,
    )
    await run(database.db, `alter database ${rows[0]?.name} connection limit 7`)
    expect(await problems(login.url)).toEqual([
      expect.stringMatching(/^CONNECTIONS: \d connections of this database are free/),
      expect.stringMatching(/^CONNECTIONS: 5 connections of this role are free, .* up to 8; raise/),
    ])
  })
})

/** SQL that refuses to make one table, as a full disk or a missing right would. */
const FORBIDDEN = (table: string, code: string): string => `
  create function forbid() returns event_trigger language plpgsql as $$
  begin
    if exists (
      select from pg_event_trigger_ddl_commands() where object_identity = 'public.${table}'
    ) then
      raise 'not today' using errcode = '${code}';
    end if;
  end $$;
  create event trigger forbid on ddl_command_end execute function forbid()`

describe('doctor writes into the data folder', () => {
  it('where it exists and where it does not yet, and leaves nothing behind', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'grid-trial-'))
    try {
      expect(await examineDataDir({ dataDir: folder })).toMatchObject({ ok: true })
      expect(await examineDataDir({ dataDir: join(folder, 'not', 'yet') })).toMatchObject({
        ok: true,
      })
      expect(readdirSync(folder)).toEqual([])
      // What a start without the database needs could not be kept.
      writeFileSync(join(folder, 'kept'), '')
      expect(await examineDataDir({ dataDir: folder })).toMatchObject({
        ok: false,
        detail: expect.stringContaining(`${folder}/kept cannot be written`),
      })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it.skipIf(process.platform !== 'linux')('and finds that it cannot', async () => {
    expect(await examineDataDir({ dataDir: '/proc/grid/data' })).toMatchObject({
      ok: false,
      code: 'DATA_DIR',
      detail: expect.stringContaining('/proc/grid/data cannot be written: ENOENT'),
    })
  })
})

it('doctor names the setting that a misspelt variable may stand for', () => {
  const all = ['EVENTSAVER_SYMBOL', 'EVENT_SAVER_WS_URL', 'EVENTSAVER_NOTHING_LIKE_IT_AT_ALL']
  expect(examineVariables(all).map(({ ok, fix }) => `${ok} ${fix}`)).toEqual([
    'false did you mean EVENTSAVER_SYMBOLS?',
    'false did you mean EVENTSAVER_WS_URL?',
    'false remove it, or see docs/settings.md',
  ])
  expect(examineVariables([])).toMatchObject([{ ok: true }])
})

describe('doctor tries to listen', () => {
  it('where nobody does, and finds that another server does', async () => {
    const server = createServer((_, response) => response.end('other')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const httpAddress = { host: '127.0.0.1', port }
    expect(await examineHttpAddress({ httpAddress })).toMatchObject({
      ok: false,
      code: 'HTTP_ADDRESS',
      detail: expect.stringContaining('EADDRINUSE'),
      fix: expect.stringContaining('EVENTSAVER_HTTP_ADDRESS'),
    })
    await new Promise((resolve) => server.close(resolve))
    expect(await examineHttpAddress({ httpAddress })).toMatchObject({ ok: true })
  })

  it('not where the details would be refused to everybody', async () => {
    const httpAddress = { host: '0.0.0.0', port: 0 }
    expect(await examineHttpAddress({ httpAddress })).toMatchObject({
      ok: false,
      fix: expect.stringContaining('EVENTSAVER_HTTP_TOKEN'),
    })
    const httpToken = new Secret('t'.repeat(32))
    expect(await examineHttpAddress({ httpAddress, httpToken })).toMatchObject({ ok: true })
  })

  it('where a saver does', async () => {
    const server = createServer((_, response) => response.end('alive\n')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const finding = await examineHttpAddress({ httpAddress: { host: '127.0.0.1', port } })
    server.close()
    expect(finding).toMatchObject({ ok: true, detail: expect.stringContaining('a saver serves') })
  })
})
