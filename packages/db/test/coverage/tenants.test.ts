import { randomBytes, randomUUID } from 'node:crypto'
import type { AccountStream, MarketStream } from '@grid/core-events'
import { CompiledQuery, type Kysely } from 'kysely'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import {
  asTenant,
  CollectorRepository,
  coverage,
  createDatabase,
  type GridDatabase,
  JournalPositionRepository,
  keepCoverageDays,
  LineRepository,
  LossRepository,
  migrate,
  percent,
  SpanRepository,
  WantedRepository,
} from '../../src/index.ts'
import { openPostgres, START_TIMEOUT_MS } from '../support/databases.ts'
import { addTenant } from '../support/private-events.ts'
import { nowOf } from '../support/server-clock.ts'

const DAY_MS = 86_400_000
let FROM: number
let TO: number
let DAY: string
const MARKET: MarketStream = { category: 'linear', channel: 'ticker', symbol: 'BTCUSDT' }
const TABLES = [
  'streams',
  'coverage_lines',
  'wanted_spans',
  'coverage_spans',
  'coverage_losses',
  'coverage_days',
]

let opened: Awaited<ReturnType<typeof openPostgres>>
const logins: string[] = []
const connected: Kysely<GridDatabase>[] = []
let alice: { readonly userId: string; readonly stream: AccountStream }
let bob: typeof alice

async function run(db: Kysely<GridDatabase>, statement: string): Promise<void> {
  await db.executeQuery(CompiledQuery.raw(statement))
}

async function connectAs(role: string): Promise<Kysely<GridDatabase>> {
  const login = `grid_test_${randomBytes(6).toString('hex')}`
  const password = randomBytes(12).toString('hex')
  await run(opened.db, `create role ${login} login password '${password}' in role ${role}`)
  logins.push(login)
  const url = new URL(opened.url)
  url.username = login
  url.password = password
  const db = createDatabase({ url: url.href, poolSize: 1 })
  connected.push(db)
  return db
}

beforeAll(async () => {
  opened = await openPostgres()
  await migrate(opened.db, { environment: 'testnet' })
  FROM = Math.floor((await nowOf(opened.db)) / DAY_MS - 5) * DAY_MS
  TO = FROM + 1000
  DAY = new Date(FROM).toISOString().slice(0, 10)
  const tenant = async (name: string) => {
    const { scope, accountId } = await addTenant(opened.db, name)
    return { userId: scope.userId, stream: { accountId, channel: 'wallet' } as const }
  }
  alice = await tenant('alice')
  bob = await tenant('bob')
  // Everything is written by a login that may do only what a collector may.
  const writer = await connectAs('grid_writer')
  const owner = { collector: 'c', journalId: randomUUID() }
  const collectorId = await new CollectorRepository(writer).register(owner)
  const streams = [MARKET, alice.stream, bob.stream]
  const from = FROM
  await new WantedRepository(writer).begin(
    'c',
    streams.map((stream) => ({ stream, from })),
  )
  const lines = new LineRepository(writer)
  const open: { lineId: number; slot: number; until: number }[] = []
  for (const [position, stream] of streams.entries()) {
    const account = 'accountId' in stream ? { accountId: stream.accountId } : {}
    const line = await lines.open({ collectorId, position, openedAt: FROM, ...account })
    open.push({ ...line, until: FROM + 500 })
    await new SpanRepository(writer).claim(line.lineId, [{ stream, from }])
    const { lineId } = line
    const loss = { collectorId, lineId, position, from: FROM + 100, to: FROM + 200, reason: 'lost' }
    await new LossRepository(writer).add([loss, { ...loss, stream, from: FROM + 150 }])
    const { channel } = stream
    const move = { ...owner, from: null, to: 1, storedUntil: FROM + 500 }
    await new JournalPositionRepository(writer).move(writer, { ...move, channel })
  }
  await lines.beat({ collectorId, at: FROM + 500, lines: open })
  expect(await keepCoverageDays(writer, { limit: 40 })).toContain(DAY)
}, START_TIMEOUT_MS)

afterAll(async () => {
  for (const db of connected) await db.destroy()
  await opened.close()
  const server = createDatabase({ url: inject('postgresUrl') })
  for (const login of logins) await run(server, `drop role ${login}`)
  await server.destroy()
})

const covered = () => [
  { state: 'covered', from: FROM, to: FROM + 100, evidence: 'live' },
  { state: 'gap', from: FROM + 100, to: FROM + 200, evidence: null },
  { state: 'covered', from: FROM + 200, to: FROM + 500, evidence: 'live' },
  { state: 'gap', from: FROM + 500, to: TO, evidence: null },
]

it('an account’s coverage is read by its own user and by everyone, and by nobody else', async () => {
  const read = (stream: AccountStream, of: Parameters<typeof coverage>[1]['of'] & object) =>
    coverage(opened.db, { stream, of, from: FROM, to: TO })
  expect(await read(alice.stream, alice)).toEqual(covered())
  expect(await read(alice.stream, 'everyone' as never)).toEqual(covered())
  expect(await read(alice.stream, bob)).toEqual([])
  expect(await coverage(opened.db, { stream: MARKET, from: FROM, to: TO })).toEqual(covered())
  expect(await coverage(opened.db, { stream: MARKET, of: bob, from: FROM, to: TO })).toEqual(
    covered(),
  )
  const streamsOf = async (of?: typeof alice | 'everyone') =>
    (await percent(opened.db, { day: DAY, ...(of && { of }) })).map(({ stream }) => stream)
  expect(await streamsOf()).toEqual([MARKET])
  expect(await streamsOf(alice)).toEqual([MARKET, alice.stream])
  expect(await streamsOf('everyone')).toHaveLength(3)
})

it('row security shows a reader the rows of its user, whose coverage is the same', async () => {
  const reader = await connectAs('grid_reader')
  const seen = async (db: Kysely<GridDatabase>) => {
    const counts: (number | undefined)[] = []
    for (const table of TABLES) {
      const of = table === 'coverage_days' ? `coverage_days where day = '${DAY}'` : table
      const { rows } = await db.executeQuery<{ count: number }>(
        CompiledQuery.raw(`select count(*)::integer as count from ${of}`),
      )
      counts.push(rows[0]?.count)
    }
    return counts
  }
  expect(await seen(opened.db)).toEqual([3, 3, 3, 3, 6, 3])
  expect(await seen(reader)).toEqual([1, 1, 1, 1, 2, 1])
  for (const me of [alice, bob]) {
    const other = me === alice ? bob : alice
    await asTenant(reader, me.userId, async (trx) => {
      expect(await seen(trx)).toEqual([2, 2, 2, 2, 4, 2])
      const read = (stream: AccountStream) => coverage(trx, { stream, of: me, from: FROM, to: TO })
      expect(await read(me.stream)).toEqual(covered())
      expect(await read(other.stream)).toEqual([])
      expect(await coverage(trx, { stream: MARKET, from: FROM, to: TO })).toEqual(covered())
      const [own] = (await percent(trx, { day: DAY, of: me })).slice(1)
      expect(own).toMatchObject({ stream: me.stream, coveredMs: 400, wantedMs: DAY_MS, gaps: 2 })
    })
  }
})

it('a reader neither writes nor keeps days, and a writer deletes no claim', async () => {
  const reader = await connectAs('grid_reader')
  const writer = await connectAs('grid_writer')
  const denied = { code: '42501' }
  await expect(keepCoverageDays(reader)).rejects.toMatchObject({ code: 'TENANTS_HIDDEN' })
  await expect(percent(reader, { day: DAY, of: 'everyone' })).rejects.toMatchObject({
    code: 'TENANTS_HIDDEN',
  })
  for (const attempt of [
    `insert into coverage_dirty (day) values ('${DAY}')`,
    'update coverage_spans set to_ts = from_ts',
    `select nextval('coverage_ids')`,
  ]) {
    const work = asTenant(reader, alice.userId, (trx) => run(trx, attempt))
    await expect(work, attempt).rejects.toMatchObject(denied)
  }
  for (const table of TABLES.filter((name) => name !== 'coverage_days')) {
    await expect(run(writer, `delete from ${table}`), table).rejects.toMatchObject(denied)
  }
})
