import { Readable } from 'node:stream'
import { startSimulator } from '@grid/bybit-sim'
import { type DeadLetter, encodeEvent, type PublicTradeEvent } from '@grid/core-events'
import { DeadLetterRepository, migrate, PublicTradeRepository } from '@grid/db'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { runProgram } from '../../src/cli/program.ts'
import { imbalances, makeSaver, ownDatabase, prove } from '../support/rig.ts'

const ENVIRONMENT = 'custom:127.0.0.1'
const NOW = Date.now()

/** Runs `dead-letters` in this process. */
async function run(url: string, ...args: string[]) {
  let stdout = ''
  const code = await runProgram({
    argv: ['dead-letters', ...args],
    env: { EVENTSAVER_DATABASE_URL: url, EVENTSAVER_WS_URL: 'ws://127.0.0.1:9' },
    cwd: process.cwd(),
    out: (text) => {
      stdout += text
    },
    err: () => {},
    stdin: Readable.from([]),
  })
  return { code, stdout }
}

it('rows that the database refused are stored by retry, beside a saver that captures', {
  timeout: 240_000,
}, async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator({ seed: 41, paused: true })
  await migrate(database.db, { environment: ENVIRONMENT })
  await sql`alter table public_trades add constraint planted check (symbol <> 'ETHUSDT')`.execute(
    database.db,
  )
  const { saver } = makeSaver(sim.wsUrl, database.url, { EVENTSAVER_SYMBOLS: 'BTCUSDT,ETHUSDT' })
  const letters = (...args: string[]) => run(database.url, ...args)
  const trades = () => saver.pipeline.sample().find(({ channel }) => channel === 'publicTrade')
  await saver.start()
  await expect
    .poll(() => saver.status().topics.filter(({ state }) => state === 'live').length, {
      timeout: 60_000,
    })
    .toBe(4)
  sim.trade({ symbol: 'ETHUSDT', count: 3 })
  sim.trade({ symbol: 'BTCUSDT', count: 2 })
  await expect
    .poll(trades, { timeout: 60_000 })
    .toMatchObject({ persisted: 2, deadLettered: 3, waiting: 0, imbalance: 0 })

  const refused = await letters('retry')
  expect(refused).toMatchObject({ code: 3, stdout: expect.stringMatching(/0 stored, 3 left\n$/) })
  expect(refused.stdout.match(/still waits: .*"planted"/g)).toHaveLength(3)
  await sql`alter table public_trades drop constraint planted`.execute(database.db)

  const stored = await letters('retry', '--code', 'STORE_REJECTED', '--json')
  expect(stored.code).toBe(0)
  expect(JSON.parse(stored.stdout)).toEqual({ retried: 3, left: [] })
  const again = await letters('retry')
  expect(again).toMatchObject({ code: 0, stdout: '0 stored, 0 left\n' })
  expect((await letters('list')).stdout).toBe('')
  const retried = JSON.parse((await letters('list', '--state', 'retried', '--json')).stdout)
  expect(retried).toHaveLength(3)
  expect(retried[0]).toMatchObject({ code: 'STORE_REJECTED', state: 'retried', symbol: 'ETHUSDT' })

  await saver.stop(AbortSignal.timeout(60_000))
  expect(imbalances(saver)).toEqual([])
  expect(await prove(database.db, sim)).toMatchObject({ missing: 0, unexpected: 0, different: 0 })
})

const TRADE = {
  channel: 'publicTrade',
  category: 'linear',
  symbol: 'BTCUSDT',
  exchangeTs: NOW,
  localTsUs: NOW * 1000,
  source: 'ws',
  tradeId: 't1',
  side: 'Buy',
  price: '100',
  size: '1',
  tickDirection: null,
  isBlockTrade: false,
  isRpiTrade: null,
  seq: 7,
  matchIndex: 0,
  markPrice: null,
  indexPrice: null,
  markIv: null,
  iv: null,
} as unknown as PublicTradeEvent

const WIRE = { T: NOW, s: 'BTCUSDT', S: 'Buy', v: '1', p: '100', L: 'PlusTick', BT: false, seq: 7 }

it('letters are listed, shown, exported, and tried again each alone', {
  timeout: 240_000,
}, async () => {
  await using database = await ownDatabase()
  await migrate(database.db, { environment: ENVIRONMENT })
  const trades = new PublicTradeRepository(database.db)
  await trades.bulkInsert([TRADE])
  await sql`alter table public_trades add constraint planted check (price <> 13)`.execute(
    database.db,
  )
  const bytes = (value: unknown) =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
  const letter = (n: number, raw: unknown, overrides: Partial<DeadLetter> = {}): DeadLetter => ({
    code: 'ITEM_MALFORMED',
    reason: 'an older mapping did not know it',
    field: null,
    category: 'linear',
    channel: 'publicTrade',
    topic: 'publicTrade.BTCUSDT',
    symbol: 'BTCUSDT',
    source: 'ws',
    localTsUs: (NOW + n) * 1000,
    raw: bytes(raw),
    ...overrides,
  })
  await new DeadLetterRepository(database.db).bulkInsert([
    letter(0, { ...WIRE, i: 't2' }),
    letter(1, { ...WIRE, i: 't3', p: 'much' }),
    letter(2, encodeEvent({ ...TRADE, price: '99' } as PublicTradeEvent), { code: 'KEY_CONFLICT' }),
    letter(3, encodeEvent({ ...TRADE, tradeId: 't4' }), { code: 'STORE_REJECTED' }),
    // The database refuses it still; its neighbours are stored.
    letter(4, encodeEvent({ ...TRADE, tradeId: 't6', price: '13' } as PublicTradeEvent), {
      code: 'STORE_REJECTED',
    }),
    letter(
      5,
      { symbol: 'BTCUSDT', lastPrice: '1' },
      { channel: 'ticker', topic: 'tickers.BTCUSDT' },
    ),
    letter(6, '\u001b[31mred', {
      code: 'FRAME_NOT_JSON',
      channel: null,
      topic: null,
      symbol: null,
    }),
    letter(7, '', { code: 'FRAME_NOT_JSON', raw: new Uint8Array([255, 0]), topic: null }),
    letter(8, encodeEvent({ ...TRADE, tradeId: 't5' }), { code: 'STORE_REJECTED' }),
  ])
  const letters = (...args: string[]) => run(database.url, ...args)
  const listed = JSON.parse((await letters('list', '--json')).stdout)
  expect(listed).toHaveLength(9)
  const ids: string[] = listed.map(({ id }: { id: string }) => id)
  const firstTwo = await letters('list', '--limit', '1', '--after', ids[0] ?? '')
  expect(firstTwo.stdout).toMatch(
    /ITEM_MALFORMED {2}publicTrade linear BTCUSDT, \d+ bytes: an older/,
  )
  expect(firstTwo.stdout.match(/\n/g)).toHaveLength(1)
  const time = (n: number) => new Date(NOW + n).toISOString()
  const some = await letters('list', '--json', '--from', time(2), '--to', time(4))
  expect(JSON.parse(some.stdout).map(({ id }: { id: string }) => id)).toEqual(ids.slice(2, 4))

  const shown = await letters('show', ids[6] ?? '')
  expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining('\\u001b[31mred') })
  expect(shown.stdout).not.toContain('\u001b')
  expect(await letters('show', '999999')).toMatchObject({ code: 1 })
  const exported = await letters('export', '--code', 'FRAME_NOT_JSON')
  expect(
    exported.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toMatchObject([
    { id: ids[6], raw: '\u001b[31mred', encoding: 'utf8' },
    { id: ids[7], raw: '/wA=', encoding: 'base64' },
  ])

  const retry = await letters('retry', '--json')
  expect(retry.code).toBe(3)
  const { retried, left } = JSON.parse(retry.stdout)
  expect(retried).toBe(3)
  const reasons = new Map(
    left.map(({ id, reason }: { id: string; reason: string }) => [id, reason]),
  )
  expect(reasons.get(ids[1])).toMatch(/^p .*"much"/)
  expect(reasons.get(ids[2])).toBe('price is 99, but a row with the same key has 100')
  expect(reasons.get(ids[4])).toMatch(/"planted"/)
  expect(reasons.get(ids[5])).toBe('an older mapping did not know it')
  expect(reasons.size).toBe(6)
  const { rows } = await sql<{ id: string; price: string }>`
    select trade_id as id, price::text as price from public_trades order by trade_id`.execute(
    database.db,
  )
  expect(rows.map(({ id, price }) => [id, price])).toEqual([
    ['t1', '100'],
    ['t2', '100'],
    ['t4', '100'],
    ['t5', '100'],
  ])
  const waiting = JSON.parse((await letters('list', '--json')).stdout)
  expect(waiting).toHaveLength(6)
  expect(waiting[0]).toMatchObject({ reason: reasons.get(ids[1]), triedAt: expect.any(Number) })
  expect(await letters('retry', ids[0] ?? '', ids[3] ?? '')).toMatchObject({
    code: 0,
    stdout: '0 stored, 0 left\n',
  })
  expect(await letters('retry', ids[0] ?? '', '999999')).toEqual({ code: 1, stdout: '' })
  for (const wrong of [
    ['list', '--from', 'yesterday'],
    ['list', '--from', '2026-02-30'],
    ['list', '--to', '2026-11-31T08:00:00Z'],
    ['list', '--limit', '0'],
    ['list', '--state', 'gone'],
    ['show', 'x'],
    ['retry', '-1'],
  ]) {
    expect((await letters(...wrong)).code, wrong.join(' ')).toBe(2)
  }
})
