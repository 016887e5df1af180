import type { DeadLetter, Gap, PrivateGap } from '@grid/core-events'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  CaptureGapRepository,
  type DeadLetterPage,
  DeadLetterRepository,
  migrate,
} from '../../src/index.ts'
import { DATABASES, type OpenedDatabase, START_TIMEOUT_MS } from '../support/databases.ts'
import { T0 } from '../support/events.ts'

const LETTER: DeadLetter = {
  code: 'ITEM_MALFORMED',
  reason: 'price is empty',
  field: 'p',
  category: 'linear',
  channel: 'publicTrade',
  topic: 'publicTrade.BTCUSDT',
  symbol: 'BTCUSDT',
  source: 'ws',
  localTsUs: T0 * 1000 + 1,
  raw: new Uint8Array(256).map((_, byte) => byte),
}

const ACCOUNT = '0b0e5c6e-6a0f-5d0e-9b3a-3f6f0a4b7c11'

const GAP: Gap = {
  category: 'linear',
  channel: 'ticker',
  symbol: 'BTCUSDT',
  startTs: T0,
  endTs: T0 + 5000,
  reason: 'disconnect',
}

describe.each(DATABASES)('on %s', (_name, open) => {
  let opened: OpenedDatabase
  beforeAll(async () => {
    opened = await open()
    await migrate(opened.db)
  }, START_TIMEOUT_MS)
  afterAll(() => opened.close())

  it('dead letters are stored whole, with any content, in order', async () => {
    const repository = new DeadLetterRepository(opened.db)
    const odd: DeadLetter = {
      ...LETTER,
      reason: 'id "a\0b\\" of 币安 has \ud800',
      field: null,
      channel: null,
      topic: 'publicTrade.\0',
      symbol: '币安人生USDT',
      raw: new Uint8Array(0),
    }
    expect(await repository.bulkInsert([LETTER, odd], { collector: 'c1' })).toEqual({ inserted: 2 })
    expect(await repository.bulkInsert([LETTER, odd])).toEqual({ inserted: 0 })
    const later = { ...LETTER, localTsUs: LETTER.localTsUs + 1 }
    expect(await repository.bulkInsert([later])).toEqual({ inserted: 1 })
    const [first, second, third] = await repository.list()
    const stored = {
      accountId: null,
      id: expect.stringMatching(/^\d+$/),
      createdAt: expect.any(Number),
      state: 'waiting',
      triedAt: null,
    }
    expect(first).toEqual({ ...LETTER, ...stored, collector: 'c1' })
    expect(second).toEqual({
      ...odd,
      ...stored,
      collector: 'c1',
      reason: String.raw`id "a\u0000b\" of \u5e01\u5b89 has \ud800`,
      topic: String.raw`publicTrade.\u0000`,
    })
    expect(third).toMatchObject({ collector: null })
    expect(await repository.list({ after: first?.id ?? '', limit: 1 })).toEqual([second])
  })

  it('a dead letter is stored once, whoever writes it and however its reason is worded', async () => {
    const repository = new DeadLetterRepository(opened.db)
    const letter: DeadLetter = { ...LETTER, topic: 'ONCE', accountId: ACCOUNT }
    expect(await repository.bulkInsert([letter, letter], { collector: 'c1' })).toEqual({
      inserted: 1,
    })
    const again = { ...letter, reason: 'worded otherwise' }
    expect(await repository.bulkInsert([again], { collector: 'c2' })).toEqual({ inserted: 0 })
    const { accountId: _, ...ofNobody } = letter
    const others: DeadLetter[] = [
      { ...letter, code: 'STORE_REJECTED' },
      { ...letter, channel: 'ticker' },
      { ...letter, category: null },
      { ...letter, topic: null },
      { ...letter, topic: 'null' },
      { ...letter, symbol: 'ETHUSDT' },
      { ...letter, field: null },
      { ...letter, localTsUs: letter.localTsUs + 1 },
      { ...letter, raw: letter.raw.slice(1) },
      { ...letter, accountId: '1b0e5c6e-6a0f-5d0e-9b3a-3f6f0a4b7c11' },
      ofNobody,
      // What the texts are stored as is not what tells them apart.
      { ...letter, symbol: '\0' },
      { ...letter, symbol: String.raw`\u0000` },
    ]
    expect(await repository.bulkInsert(others)).toEqual({ inserted: others.length })
    expect(await repository.bulkInsert([...others, letter])).toEqual({ inserted: 0 })
  })

  it('dead letters are found by what they are, and note what became of them', async () => {
    const repository = new DeadLetterRepository(opened.db)
    const start = T0 + 1_000_000
    const letters: DeadLetter[] = [0, 1, 2, 3].map((n) => ({
      ...LETTER,
      code: n % 2 === 0 ? 'STORE_REJECTED' : 'KEY_CONFLICT',
      channel: n < 2 ? 'publicTrade' : 'ticker',
      localTsUs: (start + n) * 1000,
    }))
    await repository.bulkInsert(letters)
    const listed = async (page: DeadLetterPage = {}) =>
      (await repository.list({ from: start, ...page })).map(
        ({ localTsUs }) => localTsUs / 1000 - start,
      )
    expect(await listed()).toEqual([0, 1, 2, 3])
    expect(await listed({ from: start + 1, to: start + 3 })).toEqual([1, 2])
    expect(await listed({ code: 'KEY_CONFLICT' })).toEqual([1, 3])
    expect(await listed({ channel: 'ticker', code: 'STORE_REJECTED' })).toEqual([2])
    const ids = (await repository.list({ from: start })).map(({ id }) => id)
    expect(await listed({ ids: ids.slice(2) })).toEqual([2, 3])
    expect(await listed({ ids: [] })).toEqual([])

    const [first = '', second = ''] = ids
    const undone = opened.db.transaction().execute(async (trx) => {
      await new DeadLetterRepository(trx).markRetried('everyone', ids)
      throw new Error('undone')
    })
    await expect(undone).rejects.toThrow('undone')
    expect(await repository.markRetried('everyone', [])).toBe(0)
    expect(await repository.markRetried('everyone', [first])).toBe(1)
    expect(await repository.markRetried('everyone', [first, second])).toBe(1)
    expect(await listed({ state: 'waiting' })).toEqual([2, 3])
    expect(await listed({ state: 'retried' })).toEqual([0, 1])
    await repository.setReasons('everyone', new Map(ids.map((id) => [id, 'p is still "né\0"'])))
    expect(await repository.list({ from: start })).toMatchObject([
      { state: 'retried', reason: LETTER.reason, triedAt: expect.any(Number) },
      { state: 'retried', reason: LETTER.reason },
      {
        state: 'waiting',
        reason: String.raw`p is still "n\u00e9\u0000"`,
        triedAt: expect.any(Number),
      },
      { state: 'waiting' },
    ])
    expect(await repository.bulkInsert(letters)).toEqual({ inserted: 0 })
  })

  it('waiting dead letters of market data are counted by the day of their receipt', async () => {
    const letters = new DeadLetterRepository(opened.db)
    const midnight = Date.UTC(2025, 5, 2)
    const at = (ms: number, changes: Partial<DeadLetter> = {}): DeadLetter => ({
      ...{ ...LETTER, symbol: 'COUNTED', localTsUs: (midnight + ms) * 1000 },
      ...changes,
    })
    await letters.bulkInsert([
      ...[at(-1), at(0), at(1), at(86_400_000), at(2, { symbol: null })],
      at(3, { symbol: 'RETRIED' }),
      at(4, { channel: 'order', accountId: ACCOUNT }),
    ])
    const day = { from: midnight, to: midnight + 86_400_000 }
    const retried = (await letters.list({ ...day })).filter(({ symbol }) => symbol === 'RETRIED')
    const ids = retried.map(({ id }) => id)
    await letters.markRetried('everyone', ids)
    const of = { channel: 'publicTrade', category: 'linear' }
    expect(await letters.countByDay({ ...day, from: midnight - 1 })).toEqual([
      { day: '2025-06-01', ...of, symbol: 'COUNTED', count: 1 },
      { day: '2025-06-02', ...of, symbol: 'COUNTED', count: 2 },
      { day: '2025-06-02', ...of, symbol: null, count: 1 },
    ])
    expect(await letters.countByDay({ from: 0, to: midnight - 86_400_000 })).toEqual([])
  })

  it('dead letters too large for one statement are stored by several statements, all or none', async () => {
    const repository = new DeadLetterRepository(opened.db)
    const topic = 'LARGE'
    const raw = new Uint8Array(6 * 2 ** 20).fill(7)
    const letters = [1, 2, 3].map((localTsUs) => ({ ...LETTER, topic, raw, localTsUs }))
    const nameless = { ...LETTER, topic, raw, source: null as never }
    const stored = async () => {
      const { rows } = await sql`
        select count(*)::integer as letters, min(length(raw)) as bytes,
          count(distinct cmin::text)::integer as statements,
          count(distinct xmin::text)::integer as transactions
        from dead_letters where topic = ${topic}`.execute(opened.db)
      return rows[0]
    }
    await expect(repository.bulkInsert([...letters, nameless])).rejects.toMatchObject({
      code: '23502',
    })
    expect(await stored()).toMatchObject({ letters: 0 })
    expect(await repository.bulkInsert(letters)).toEqual({ inserted: 3 })
    const bytes = raw.byteLength
    expect(await stored()).toEqual({ letters: 3, bytes, statements: 2, transactions: 1 })
  })

  it('a gap is recorded once for each collector, however often it is reported', async () => {
    const repository = new CaptureGapRepository(opened.db)
    const later = { ...GAP, startTs: T0 + 1, reason: 'stale' } as const
    const origin = { collector: 'c1' }
    expect(await repository.insert([later, GAP], origin)).toEqual({ inserted: 2 })
    expect(await repository.insert([GAP], origin)).toEqual({ inserted: 0 })
    expect(await repository.insert([GAP], { collector: 'c2', state: 'ignored' })).toEqual({
      inserted: 1,
    })
    const times = { createdAt: expect.any(Number), updatedAt: expect.any(Number) }
    const id = expect.stringMatching(/^[\da-f-]{36}$/)
    const stored = { ...times, id, collector: 'c1', variant: null, accountId: null }
    const rest = ({ startTs, endTs }: Gap) => [{ startTs, endTs }]
    expect(await repository.list({ state: 'open' })).toEqual([
      { ...GAP, ...stored, state: 'open', rest: rest(GAP) },
      { ...later, ...stored, state: 'open', rest: rest(later) },
    ])
    expect(await repository.list()).toHaveLength(3)
    const none = { partial: 0, filled: 0, unrecoverable: 0 }
    expect(await repository.countByState('everyone')).toEqual({ ...none, open: 2, ignored: 1 })
  })

  it('gaps of two variants of a stream are two gaps', async () => {
    const repository = new CaptureGapRepository(opened.db)
    const [minutes, days] = ['1', 'D'].map((variant) => ({ ...GAP, variant }))
    const gaps = [minutes, days, minutes, GAP].filter((gap) => gap !== undefined)
    const origin = { collector: 'variants' }
    expect(await repository.insert(gaps, origin)).toEqual({ inserted: 3 })
    expect(await repository.insert(gaps, origin)).toEqual({ inserted: 0 })
    const variants = (await repository.list())
      .filter(({ collector }) => collector === origin.collector)
      .map(({ variant }) => variant)
    expect(variants.toSorted()).toEqual(['1', 'D', null])
  })

  it('a gap is filled in parts, and keeps the exact rest', async () => {
    const gaps = new CaptureGapRepository(opened.db)
    const stream = { category: 'linear', channel: 'publicTrade', symbol: 'FILLED' } as const
    const gap: Gap = { ...stream, startTs: T0, endTs: T0 + 99, reason: 'disconnect' }
    await gaps.insert([gap, { ...gap, symbol: 'OTHER' }], { collector: 'c1' })
    const [open] = await gaps.list({ state: ['open', 'partial'], stream })
    const fill = (start: number, end: number) =>
      gaps.fill(open?.id ?? '', { startTs: T0 + start, endTs: T0 + end })
    const parts = (...bounds: readonly (readonly [number, number])[]) =>
      bounds.map(([start, end]) => ({ startTs: T0 + start, endTs: T0 + end }))
    const whole = parts([0, 99])
    expect(open).toMatchObject({ ...gap, rest: whole })
    expect(await fill(100, 200)).toEqual({ state: 'open', rest: whole })
    // Two savers fill it at the same time, and one of them repeats itself.
    await Promise.all([fill(30, 49), fill(40, 59), fill(30, 49)])
    expect(await gaps.list({ stream })).toMatchObject([
      { ...gap, state: 'partial', rest: parts([0, 29], [60, 99]) },
    ])
    expect(await fill(99, 99)).toEqual({ state: 'partial', rest: parts([0, 29], [60, 98]) })
    expect(await fill(-5, 28)).toEqual({ state: 'partial', rest: parts([29, 29], [60, 98]) })
    expect(await gaps.insert([gap], { collector: 'c1' })).toEqual({ inserted: 0 })
    expect(await fill(0, 99)).toEqual({ state: 'filled', rest: [] })
    expect(await gaps.list({ stream })).toMatchObject([{ ...gap, state: 'filled', rest: [] }])
    expect(await fill(0, 99)).toBeNull()
    expect(await gaps.list({ stream: { ...stream, variant: '1' } })).toEqual([])
    expect(await gaps.list({ stream: { ...stream, symbol: 'OTHER' } })).toMatchObject([
      { state: 'open', rest: whole },
    ])
  })

  it('gaps of accounts are not filled as those of market data are', async () => {
    const accountId = '1b0e5c6e-6a0f-5d0e-9b3a-3f6f0a4b7c11'
    const gaps = new CaptureGapRepository(opened.db)
    const { startTs, endTs, reason } = GAP
    const gap: PrivateGap = { accountId, channel: 'order', startTs, endTs, reason }
    await gaps.insert([gap], { collector: 'c8' })
    const [stored] = await gaps.list({ of: 'everyone', accountId })
    expect(await gaps.fill(stored?.id ?? '', { startTs, endTs })).toBeNull()
    // The history of orders tells their last states: all of the gap stays its rest.
    await gaps.setState('everyone', stored?.id ?? '', 'partial')
    expect(await gaps.list({ of: 'everyone', accountId })).toMatchObject([
      { state: 'partial', rest: [{ startTs, endTs }] },
    ])
  })

  it('gaps and dead letters of accounts name the account', async () => {
    const accountId = '0b0e5c6e-6a0f-5d0e-9b3a-3f6f0a4b7c11'
    const gaps = new CaptureGapRepository(opened.db)
    const { startTs, endTs, reason } = GAP
    const gap: PrivateGap = { accountId, channel: 'wallet', startTs, endTs, reason }
    expect(await gaps.insert([gap, gap], { collector: 'c9' })).toEqual({ inserted: 1 })
    expect(
      (await gaps.list({ of: 'everyone' })).filter(({ collector }) => collector === 'c9'),
    ).toMatchObject([{ ...gap, category: null, symbol: null }])
    const [first] = await gaps.list({ of: 'everyone', accountId, state: 'open' })
    expect(await gaps.setState('everyone', first?.id ?? '', 'filled')).toBe(true)
    expect(await gaps.list({ of: 'everyone', accountId, state: 'open' })).toEqual([])
    expect(await gaps.list({ of: 'everyone', accountId })).toMatchObject([
      { ...gap, state: 'filled' },
    ])
    expect(await gaps.setState('everyone', accountId, 'filled')).toBe(false)
    const letters = new DeadLetterRepository(opened.db)
    const letter = {
      ...LETTER,
      category: null,
      symbol: null,
      channel: 'wallet',
      accountId,
    } as const
    await letters.bulkInsert([letter], { collector: 'c9' })
    expect((await letters.list({ limit: 1000, of: 'everyone' })).at(-1)).toMatchObject(letter)
  })
})
