import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { startSimulator } from '@grid/bybit-sim'
import {
  type Decimal,
  type GridEvent,
  type PublicTradeEvent,
  parseDecimal,
  Secret,
} from '@grid/core-events'
import {
  AccountRepository,
  createDatabase,
  EncryptionKeys,
  OperatorRepository,
  PublicTradeRepository,
} from '@grid/db'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { runProgram } from '../../src/cli/program.ts'
import type { ArrivedFrame } from '../../src/pipeline/arrived.ts'
import type { Saver } from '../../src/saver.ts'
import { Tenants } from '../support/accounts.ts'
import { ownFolder } from '../support/own-folder.ts'
import { imbalances, makeSaver, ownDatabase, prove, quiet } from '../support/rig.ts'

const TRUE = { missing: 0, unexpected: 0, different: 0 }
const patience = () => AbortSignal.timeout(60_000)

/** Runs `replay` in this process. */
async function replay(
  env: Readonly<Record<string, string>>,
  args: readonly string[],
  terminal?: NodeJS.WritableStream,
) {
  let stdout = ''
  let stderr = ''
  const code = await runProgram({
    argv: ['replay', ...args],
    env: { EVENTSAVER_WS_URL: 'ws://127.0.0.1:9', ...env },
    cwd: process.cwd(),
    out: (text) => {
      stdout += text
    },
    err: (text) => {
      stderr += text
    },
    terminal,
    stdin: Readable.from([]),
  })
  return { code, stdout, stderr }
}

/** A saver whose mapping has a bug. */
function plant(saver: Saver, bug: (event: GridEvent) => readonly GridEvent[]): void {
  const { pipeline } = saver
  const accept = pipeline.accept.bind(pipeline)
  pipeline.accept = (frame: ArrivedFrame, place) =>
    accept({ ...frame, events: frame.events.flatMap(bug) }, place)
}

const live = (count: number, saver: Saver) =>
  expect
    .poll(() => saver.status().topics.filter(({ state }) => state === 'live').length, {
      timeout: 120_000,
    })
    .toBe(count)

const twice = (value: Decimal | null): Decimal | null =>
  value === null ? null : (parseDecimal(`${Number(value) * 2}`) ?? null)

/** Other values, other keys, rows too few, and values that later tickers build on. */
function bug(event: GridEvent): readonly GridEvent[] {
  if (event.channel === 'publicTrade') {
    if (event.seq % 7 === 0) return []
    if (event.seq % 7 === 1) return [{ ...event, tradeId: `wrong ${event.tradeId}` }]
    if (event.seq % 7 === 2) return [{ ...event, exchangeTs: event.exchangeTs + 3_600_000 }]
    return [{ ...event, price: twice(event.price) ?? event.price, side: 'Sell' }]
  }
  if (event.channel !== 'ticker') return [event]
  if (event.seq % 5 === 0) return []
  if (event.seq % 5 === 1) return [{ ...event, seq: event.seq + 1_000_000 }]
  return [{ ...event, bid1Price: twice(event.bid1Price), markPrice: null }]
}

it('replaces what a wrong mapping stored, and adds what is missing', {
  timeout: 300_000,
}, async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator({ seed: 61, tradesPerSecond: 250 })
  const env = { EVENTSAVER_DATA_DIR: ownFolder(), EVENTSAVER_DATABASE_URL: database.url }
  const { saver } = makeSaver(sim.wsUrl, database.url, env)
  plant(saver, bug)
  await saver.start()
  await live(8, saver)
  await wait(1500)
  await sim.fault({ kind: 'close' })
  await live(8, saver)
  sim.burst({ symbol: 'ETHUSDT', trades: 2500 })
  await wait(1500)
  sim.pause()
  await quiet(saver)
  await saver.stop(patience())
  const wrong = await prove(database.db, sim)
  expect(wrong.missing).toBeGreaterThan(100)
  expect(wrong.unexpected).toBeGreaterThan(100)
  expect(wrong.different).toBeGreaterThan(100)

  // What others stored at the same time stays.
  const [sample] = sim.truth().trades
  if (sample === undefined) throw new Error('no trades')
  const other = (overrides: Partial<PublicTradeEvent>) =>
    ({
      ...sample,
      channel: 'publicTrade',
      category: 'linear',
      symbol: 'OTHERUSDT',
      exchangeTs: Date.now(),
      localTsUs: Date.now() * 1000 + 1,
      source: 'ws',
      side: 'Buy',
      price: '1',
      size: '1',
      seq: 1,
      matchIndex: 0,
      tickDirection: null,
      isBlockTrade: null,
      isRpiTrade: null,
      markPrice: null,
      indexPrice: null,
      markIv: null,
      iv: null,
      ...overrides,
    }) as unknown as PublicTradeEvent
  const times = await sql<{ us: string }>`
    select (extract(epoch from local_ts) * 1000000)::bigint::text as us from public_trades
    where symbol = 'BTCUSDT' and source = 'ws' limit 1`.execute(database.db)
  const localTsUs = Number(times.rows[0]?.us)
  await new PublicTradeRepository(database.db).bulkInsert([
    other({ tradeId: 'another collector’s' }),
    other({ tradeId: 'a reply’s', symbol: 'BTCUSDT', source: 'rest', localTsUs }),
  ])

  const added = await replay(env, ['--json'])
  expect(added.code).toBe(3)
  const first = JSON.parse(added.stdout)
  expect(first.channels.publicTrade).toMatchObject({ removed: 0 })
  expect(first.channels.publicTrade.stored).toBeGreaterThan(0)
  expect(first.channels.publicTrade.conflicts).toBeGreaterThan(0)
  const before = await prove(database.db, sim)
  expect(before).toMatchObject({ missing: 0 })
  expect(before.different).toBeGreaterThan(0)

  const terminal = new PassThrough()
  Object.assign(terminal, { isTTY: true, columns: 100 })
  let shown = ''
  terminal.on('data', (text) => {
    shown += String(text)
  })
  const replaced = await replay(env, ['--replace'], terminal)
  expect(replaced).toMatchObject({ code: 0, stderr: '' })
  expect(replaced.stdout).toMatch(/^publicTrade: \d+ deleted, \d+ stored/m)
  expect(shown).toMatch(/looking \[/)
  expect(shown).toMatch(/storing \[.*100 %/)
  const { rows } = await sql<{ id: string }>`
    delete from public_trades where trade_id like '% collector’s' or trade_id like 'a reply’s'
    returning trade_id as id`.execute(database.db)
  expect(rows.map(({ id }) => id).sort()).toEqual(['a reply’s', 'another collector’s'])
  expect(await prove(database.db, sim)).toMatchObject(TRUE)

  const again = await replay(env, [])
  expect(again).toMatchObject({ code: 0, stderr: expect.stringMatching(/^adding: 0 of /) })
  expect(again.stdout).toMatch(/^publicTrade: 0 stored, \d+ there already$/m)
})

it('replaces what accounts sent, and the newest states of their orders with it', {
  timeout: 300_000,
}, async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator({ seed: 64, paused: true })
  const tenants = await Tenants.prepare(database.db, sim)
  await tenants.add('ann', 'a')
  await tenants.add('bob', 'b')
  const env = {
    ...tenants.env,
    EVENTSAVER_DATA_DIR: ownFolder(),
    EVENTSAVER_DATABASE_URL: database.url,
  }
  const { saver } = makeSaver(sim.wsUrl, database.url, env)
  plant(saver, (event) => {
    if (event.channel === 'execution') {
      if (event.seq % 5 === 0) return []
      const execId = event.seq % 5 === 1 ? `wrong ${event.execId}` : event.execId
      return [{ ...event, execId, execFee: twice(event.execFee) }]
    }
    if (event.channel === 'order') return [{ ...event, cumExecValue: twice(event.cumExecValue) }]
    if (event.channel === 'wallet') return [{ ...event, walletBalance: twice(event.walletBalance) }]
    if (event.channel === 'position') return [{ ...event, size: twice(event.size) ?? event.size }]
    return [event]
  })
  await saver.start()
  await expect
    .poll(() => saver.status().accounts.filter(({ state }) => state === 'live').length, {
      timeout: 120_000,
    })
    .toBe(2)
  sim.exchange.startBot({ fillsPerSecond: 60 })
  await wait(3000)
  sim.exchange.stopBot()
  await quiet(saver)
  await saver.stop(patience())
  const wrong = await tenants.prove()
  expect(wrong.different).toBeGreaterThan(20)
  expect(wrong.missing).toBeGreaterThan(5)

  // As one that was restored from a backup of before the accounts were added.
  await using older = await ownDatabase()
  await Tenants.prepare(older.db, sim)
  const other = { ...env, EVENTSAVER_DATABASE_URL: older.url }
  const unknown = await replay(other, [])
  expect(unknown).toMatchObject({ code: 3 })
  expect(unknown.stdout).toMatch(
    /^[1-9]\d* messages are of accounts that this database does not have/m,
  )
  for (const args of [
    ['--from', '2100-01-01'],
    ['--category', 'linear'],
  ]) {
    const { code, stdout } = await replay(other, args)
    expect({ code, isTold: stdout.includes('accounts') }).toEqual({ code: 0, isTold: false })
  }

  const one = await replay(env, ['--replace', '--account', 'a', '--user', 'ann'])
  expect(one).toMatchObject({ code: 0 })
  expect(one.stdout).not.toContain('publicTrade')
  const [ann, bob] = tenants.accounts
  if (ann === undefined || bob === undefined) throw new Error('no accounts')
  expect(await tenants.prove([ann])).toMatchObject({ ...TRUE, samples: [] })
  expect((await tenants.prove([bob])).different).toBeGreaterThan(10)
  expect(await replay(env, ['--replace'])).toMatchObject({ code: 0 })
  expect(await tenants.prove()).toMatchObject({ ...TRUE, samples: [] })
})

it('leaves a saver alone that captures beside it, and what it does not concern', {
  timeout: 300_000,
}, async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator({ seed: 62, tradesPerSecond: 250 })
  const folder = ownFolder()
  const env = {
    EVENTSAVER_DATA_DIR: folder,
    EVENTSAVER_DATABASE_URL: database.url,
    EVENTSAVER_JOURNAL_ARCHIVE: 'true',
    EVENTSAVER_JOURNAL_RETENTION: '0s',
  }
  const before = makeSaver(sim.wsUrl, database.url, env)
  plant(before.saver, bug)
  await before.saver.start()
  await live(8, before.saver)
  await wait(1500)
  await before.saver.stop(patience())
  const { saver, log } = makeSaver(sim.wsUrl, database.url, env)
  await saver.start()
  await live(8, saver)
  // What the first process wrote is packed and archived by the second.
  const archived = () => readdir(join(folder, 'journal', 'archive')).catch(() => [])
  await expect.poll(archived, { timeout: 120_000 }).toEqual([expect.stringMatching(/\.zst$/)])
  const positions = () =>
    sql<{ at: string }>`
    select channel || ' ' || position as at from journal_positions order by channel`.execute(
      database.db,
    )

  const some = await replay(env, [
    '--replace',
    '--json',
    '--symbols',
    'ETHUSDT',
    '--channels',
    'publicTrade',
  ])
  expect(Object.keys(JSON.parse(some.stdout).channels)).toEqual(['publicTrade'])
  for (let round = 0; round < 3; round++) {
    sim.burst({ symbol: 'BTCUSDT', trades: 500 })
    const { code, stdout, stderr } = await replay(env, ['--replace'])
    expect([0, 75], stdout + stderr).toContain(code)
  }
  sim.pause()
  await quiet(saver)
  await expect.poll(() => saver.pipeline.waitingInAll, { timeout: 60_000 }).toBe(0)
  expect(saver.pipeline.behind).toEqual([])
  expect(imbalances(saver)).toEqual([])
  expect(await replay(env, ['--replace'])).toMatchObject({ code: 0 })
  await saver.stop(patience())
  const stood = await positions()
  expect(await replay(env, ['--replace'])).toMatchObject({ code: 0 })
  expect((await positions()).rows).toEqual(stood.rows)
  expect(stood.rows.length).toBeGreaterThan(0)
  expect(log.filter(({ level }) => level >= 50)).toEqual([])
  // The gap of the start covers what was never delivered.
  expect(await prove(database.db, sim)).toMatchObject({ ...TRUE, unsentOutsideGaps: 0 })
})

it('works on an embedded database, once its saver is stopped', { timeout: 300_000 }, async () => {
  await using sim = await startSimulator({ seed: 67, paused: true })
  const folder = ownFolder()
  const url = `pglite:${join(folder, 'grid')}`
  const env = {
    EVENTSAVER_DATA_DIR: folder,
    EVENTSAVER_DATABASE_URL: url,
    EVENTSAVER_SYMBOLS: 'BTCUSDT',
  }
  const { saver } = makeSaver(sim.wsUrl, url, env)
  plant(saver, bug)
  await saver.start()
  await live(2, saver)
  await expect.poll(() => saver.pipeline.behind, { timeout: 120_000 }).toEqual([])
  sim.burst({ symbol: 'BTCUSDT', trades: 300 })
  await quiet(saver)
  expect(await replay(env, ['--replace'])).toMatchObject({
    code: 75,
    stderr: expect.stringContaining('DATABASE_LOCKED'),
  })
  await saver.stop(patience())
  expect(await replay(env, ['--replace'])).toMatchObject({ code: 0 })
  const db = createDatabase({ url })
  expect(await prove(db, sim)).toMatchObject(TRUE)
  await db.destroy()
})

it('says what it cannot do, and changes nothing then', { timeout: 300_000 }, async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator({ seed: 63, paused: true })
  const env = { EVENTSAVER_DATA_DIR: ownFolder(), EVENTSAVER_DATABASE_URL: database.url }
  expect(await replay(env, [])).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('REPLAY_EMPTY'),
  })
  const { saver } = makeSaver(sim.wsUrl, database.url, env)
  await saver.start()
  await live(8, saver)
  sim.trade({ symbol: 'BTCUSDT', count: 2 })
  await quiet(saver)
  await saver.stop(patience())
  expect(await replay(env, ['--from', 'yesterday'])).toMatchObject({ code: 2 })
  expect(await replay(env, ['--from', '2026-11-22', '--to', '2026-11-21'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('is not before --to'),
  })
  expect(await replay(env, ['--account', 'nobody'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('account list'),
  })
  for (const username of ['ann', 'bob', 'cem']) {
    const { userId } = await new OperatorRepository(database.db).addUser({ username })
    if (username === 'cem') continue
    const accounts = new AccountRepository(database.db, {
      keys: EncryptionKeys.parse(`test:${randomBytes(32).toString('base64')}`),
    })
    const credential = { apiKey: 'key', secret: new Secret('secret') }
    await accounts.add({ userId }, { accountName: 'main', credential })
  }
  for (const [args, reason] of [
    [['--user', 'an'], 'NOT_FOUND: --user: there is no user an'],
    [['--account', 'main', '--user', 'an'], 'NOT_FOUND: --user: there is no user an'],
    [['--user', 'cem'], 'NOT_FOUND: --user: user cem has no account'],
    [['--account', 'main', '--replace'], 'ACCOUNT_AMBIGUOUS: --account: several users'],
  ] as const) {
    expect(await replay(env, args), args.join(' ')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(reason),
    })
  }
  expect(await replay(env, ['--account', 'main', '--user', 'bob'])).toMatchObject({ code: 0 })
  const other = { ...env, EVENTSAVER_WS_URL: 'ws://localhost:9' }
  expect(await replay(other, [])).toMatchObject({ code: 78 })
  const role = `replay_${process.pid}`
  await sql`create role ${sql.id(role)} login in role grid_writer`.execute(database.db)
  try {
    const url = new URL(database.url)
    url.username = role
    const limited = { ...env, EVENTSAVER_DATABASE_URL: url.href }
    expect(await replay(limited, [])).toMatchObject({ code: 0 })
    expect(await replay(limited, ['--replace'])).toMatchObject({
      code: 78,
      stderr: expect.stringMatching(/NOT_OWNER.*may not delete rows of/),
    })
  } finally {
    await sql`drop role ${sql.id(role)}`.execute(database.db)
  }
  expect(await prove(database.db, sim)).toMatchObject(TRUE)
})
