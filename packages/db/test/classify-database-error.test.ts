import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestDatabase, endWithThisProcess, type TestDatabase } from '@grid/testing'
import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import {
  classifyDatabaseError,
  createDatabase,
  type GridDatabase,
  migrate,
  PublicTradeRepository,
  TickerSnapshotRepository,
} from '../src/index.ts'
import { decimal, ticker, trade } from './support/events.ts'

/** 600 times this is more than the 512 MiB that a text may have. */
const LONG = 'x'.repeat(2 ** 20)
const LONGER = `${LONG}x`

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => expect.unreachable('did not fail'),
    (error: unknown) => error,
  )

describe('errors of a real server', () => {
  let database: TestDatabase
  let db: Kysely<GridDatabase>
  beforeAll(async () => {
    database = await createTestDatabase(inject('postgresUrl'))
    db = createDatabase({ url: database.url })
    await migrate(db)
  })
  afterAll(async () => {
    await db.destroy()
    await database.drop()
  })

  it.each([
    ['NUL in a text', { tradeId: 'a\0b' }],
    ['a price that is no number', { price: decimal('1,2') }],
    ['a price that is not finite', { price: decimal('NaN') }],
    ['a number past bigint', { seq: 1e19 }],
    ['a fraction in an integer', { matchIndex: 0.5 }],
    ['an absurd time', { exchangeTs: Date.UTC(2090, 0, 1) }],
    ['a time that is no number', { exchangeTs: Number.NaN }],
  ])('%s is poison', async (_name, fault) => {
    const error = await failure(new PublicTradeRepository(db).bulkInsert([trade(fault)]))
    expect(classifyDatabaseError(error), String(error)).toBe('poison')
  })

  it('a key too long for its index is poison', async () => {
    const symbol = Array.from({ length: 9e3 }, Math.random).join()
    const error = await failure(new TickerSnapshotRepository(db).bulkInsert([ticker({ symbol })]))
    expect(classifyDatabaseError(error), String(error)).toBe('poison')
  })

  it('a missing table and a wrong user are fatal, a read-only server is transient', async () => {
    const wrongUser = new URL(database.url)
    wrongUser.username = 'nobody_at_all'
    const stranger = createDatabase({ url: wrongUser.href })
    const readOnly = db.transaction().setAccessMode('read only')
    const errors = [
      await failure(sql`select * from no_such_table`.execute(db)),
      await failure(
        readOnly.execute((trx) => new PublicTradeRepository(trx).bulkInsert([trade()])),
      ),
      await failure(sql`select 1`.execute(stranger)),
    ]
    expect(errors.map(classifyDatabaseError)).toEqual(['fatal', 'transient', 'fatal'])
    await stranger.destroy()
  })

  it('a deadlock is transient', async () => {
    const names = ['a', 'b']
    await sql`create table pairs as select unnest(${sql.lit('{a,b}')}::text[]) as name`.execute(db)
    let holding = 0
    let bothHold = (): void => {}
    const ready = new Promise<void>((resolve) => {
      bothHold = resolve
    })
    const lock = (first: string, second: string): Promise<unknown> =>
      db.transaction().execute(async (trx) => {
        await sql`select 1 from pairs where name = ${first} for update`.execute(trx)
        if (++holding === 2) bothHold()
        await ready
        await sql`select 1 from pairs where name = ${second} for update`.execute(trx)
      })
    const [a = '', b = ''] = names
    const results = await Promise.allSettled([lock(a, b), lock(b, a)])
    const errors = results.flatMap((result) =>
      result.status === 'rejected' ? [classifyDatabaseError(result.reason)] : [],
    )
    expect(errors).toEqual(['transient'])
  })

  it('a killed backend is transient, does not end the process, and the pool recovers', async () => {
    const kill = (pid: number): Promise<unknown> =>
      sql`select pg_terminate_backend(${pid}::integer, 5000)`.execute(db)
    const work = db.transaction().execute(async (trx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx)
      // The connection is idle while it dies: its error must not end the process.
      await kill(rows[0]?.pid ?? 0)
      await sql`select 1`.execute(trx)
    })
    expect(classifyDatabaseError(await failure(work))).toBe('transient')
    const running = failure(sql`select pg_sleep(60)`.execute(db))
    await expect
      .poll(async () => {
        const { rows } = await sql<{ pid: number }>`
          select pid from pg_stat_activity
          where query = 'select pg_sleep(60)' and state = 'active'`.execute(db)
        for (const { pid } of rows) await kill(pid)
        return rows.length
      })
      .toBe(1)
    expect(classifyDatabaseError(await running)).toBe('transient')
    await sql`select 1`.execute(db)
  })

  it('a statement that exceeds its timeout is transient', async () => {
    const hasty = createDatabase({ url: database.url, statementTimeoutMs: 50 })
    const error = await failure(sql`select pg_sleep(60)`.execute(hasty))
    expect(classifyDatabaseError(error)).toBe('transient')
    await hasty.destroy()
  })
})

describe('a server that cannot be reached', () => {
  it('is transient when nobody listens, and when nobody answers', async () => {
    const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    const url = `postgres://me@127.0.0.1:${port}/db`
    const silent = createDatabase({ url, connectionTimeoutMs: 100 })
    const unanswered = await failure(sql`select 1`.execute(silent))
    await silent.destroy()
    await new Promise((resolve) => server.close(resolve))
    const refused = createDatabase({ url })
    const errors = [unanswered, await failure(sql`select 1`.execute(refused))]
    await refused.destroy()
    expect(errors.map(classifyDatabaseError)).toEqual(['transient', 'transient'])
  })

  it('is transient when its socket has no room for another client, as it accepts none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'grid-full-'))
    const path = join(folder, '.s.PGSQL.5432')
    const code = `net.createServer().listen({ path: '${path}', backlog: 1 }, () => console.log('listens'))`
    const server = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
    endWithThisProcess(server)
    await once(server.stdout, 'data')
    server.kill('SIGSTOP')
    const clients = Array.from({ length: 5 }, () => connect(path).on('error', () => {}))
    const db = createDatabase({ url: `postgres://me@/db?host=${folder}` })
    try {
      const error = await failure(sql`select 1`.execute(db))
      expect([(error as { code?: unknown }).code, classifyDatabaseError(error)]).toEqual([
        'EAGAIN',
        'transient',
      ])
    } finally {
      await db.destroy()
      for (const client of clients) client.destroy()
      server.kill('SIGKILL')
      rmSync(folder, { recursive: true })
    }
  })

  it.each([
    ['a server of names refuses', { code: 'EAI_FAIL', syscall: 'getaddrinfo' }],
    ['the system says what nobody foresaw', { code: 'ENONET', syscall: 'connect' }],
  ])('is transient when %s', (_, facts) => {
    expect(classifyDatabaseError(Object.assign(new Error('no'), facts))).toBe('transient')
  })

  it('is transient when one of its addresses may answer later, and fatal when it has none', () => {
    const of = (code: string) => Object.assign(new Error(code), { code, syscall: 'connect' })
    const all = (...codes: string[]) =>
      Object.assign(new AggregateError(codes.map(of)), { code: codes[0] })
    expect(classifyDatabaseError(all('EAFNOSUPPORT', 'ECONNREFUSED'))).toBe('transient')
    expect(classifyDatabaseError(all('EAFNOSUPPORT'))).toBe('fatal')
    expect(classifyDatabaseError(of('EACCES'))).toBe('fatal')
  })

  it('is transient when its name cannot be resolved', async () => {
    const db = createDatabase({ url: 'postgres://me@does-not-exist.invalid/db' })
    const error = await failure(sql`select 1`.execute(db))
    expect(classifyDatabaseError(error), String(error)).toBe('transient')
    await db.destroy()
  })
})

it.each([
  ['a value', [trade({ price: 'much' as never })]],
  [
    'a batch too long for a statement',
    // Two symbols, because a value that all rows have in common travels once.
    Array.from({ length: 1100 }, (_, n) =>
      trade({ tradeId: `${n}`, symbol: n % 2 ? LONG : LONGER }),
    ),
  ],
])('calls %s that cannot be encoded poison', async (_name, events) => {
  const db = createDatabase({ url: 'postgres://me@does-not-exist.invalid/db' })
  const error = await failure(new PublicTradeRepository(db).bulkInsert(events))
  expect(error).toMatchObject({ code: 'NOT_ENCODABLE', cause: expect.any(Error) })
  expect(classifyDatabaseError(error)).toBe('poison')
})

it('calls an error of any other kind fatal', () => {
  const errors = [new TypeError('x is not a function'), 'text', null, { code: 'ERR_ODD' }]
  expect(errors.map(classifyDatabaseError)).toEqual(['fatal', 'fatal', 'fatal', 'fatal'])
})
