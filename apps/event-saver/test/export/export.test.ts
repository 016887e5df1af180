import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import {
  type DeadLetter,
  type Decimal,
  instrumentFromJson,
  type PublicEvent,
  type PublicTradeEvent,
  TICKER_FIELD_NAMES,
  type TickerEvent,
} from '@grid/core-events'
import {
  CaptureGapRepository,
  createDatabase,
  DeadLetterRepository,
  type GridDatabase,
  type InstrumentList,
  InstrumentRepository,
  migrate,
  PublicTradeRepository,
  pruneDays,
  TickerSnapshotRepository,
} from '@grid/db'
import { createTestDatabase, type TestDatabase } from '@grid/testing'
import type { Kysely } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { type ExportOrder, exportDays } from '../../src/export/export-days.ts'
import type { Manifest } from '../../src/export/manifest.ts'
import { writeWhole } from '../../src/export/output-file.ts'
import { runCli } from '../support/cli.ts'

const DAY = '2025-10-09'
const START = Date.parse(`${DAY}T00:00:00Z`)
const DAY_MS = 86_400_000
const SYMBOLS = ['BTCUSDT', '币安人生USDT']
/** More rows than one row group of a Parquet file. */
const MANY = 40_000

const DECIMALS = [
  '1234567890123456789012345678',
  '0.000000000000000001',
  '-0.0001',
  '9999999999.999999999999999999',
  '100.10',
  '0',
] as Decimal[]
const TEXTS = [
  'Plain',
  '',
  'a,"b"',
  'line\r\nbreak',
  '買い',
  '𝒳🚀',
  ' padded ',
  "quote'",
  '\\N',
  'NULL',
]

function at<Item>(items: readonly Item[], n: number): Item {
  return items[n % items.length] as Item
}

function trade(n: number, overrides: Partial<PublicTradeEvent> = {}): PublicTradeEvent {
  return {
    channel: 'publicTrade',
    category: 'linear',
    symbol: 'BTCUSDT',
    exchangeTs: START + Math.floor((n * DAY_MS) / (MANY + 1)),
    localTsUs: (START + n) * 1000 + (n % 1000),
    source: 'ws',
    tradeId: `${n}${at(TEXTS, n)}`,
    side: at(['Buy', 'Sell', 'Später'], n),
    price: at(DECIMALS, n),
    size: at(DECIMALS, n + 1),
    tickDirection: n % 3 === 0 ? null : at(TEXTS, n),
    isBlockTrade: at([true, false, null], n),
    isRpiTrade: null,
    seq: n % 5 === 0 ? -1 : Number.MAX_SAFE_INTEGER - n,
    matchIndex: n % 7,
    markPrice: n % 2 === 0 ? null : at(DECIMALS, n),
    indexPrice: null,
    markIv: null,
    iv: null,
    ...overrides,
  }
}

function ticker(n: number): TickerEvent {
  const nothing = Object.fromEntries(TICKER_FIELD_NAMES.map((name) => [name, null]))
  return {
    channel: 'ticker',
    category: 'linear',
    symbol: at(SYMBOLS, n),
    exchangeTs: START + n * 100,
    localTsUs: START * 1000 + n,
    source: 'ws',
    seq: n,
    isSnapshot: n % 2 === 0,
    changed: 2 ** 43 + n,
    extra: n % 3 === 0 ? { newKey: at(TEXTS, n), nested: [n, null] } : null,
    ...(nothing as Record<(typeof TICKER_FIELD_NAMES)[number], null>),
    fundingRate: at(DECIMALS, n),
    nextFundingTime: n % 4 === 0 ? null : START + 28_800_000,
  }
}

describe('export', () => {
  let database: TestDatabase
  let db: Kysely<GridDatabase>
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'grid-export-'))
    database = await createTestDatabase(inject('postgresUrl'))
    db = createDatabase({ url: database.url })
    await migrate(db, { environment: 'mainnet' })
    const trades = new PublicTradeRepository(db)
    const all = Array.from({ length: MANY }, (_, n) => trade(n))
    for (let n = 0; n < MANY; n += 5000) await trades.bulkInsert(all.slice(n, n + 5000))
    await trades.bulkInsert([
      trade(1, { symbol: 'ETHUSDT' }),
      trade(2, { symbol: 'ETHUSDT', exchangeTs: START + DAY_MS }),
    ])
    await new TickerSnapshotRepository(db).bulkInsert(
      Array.from({ length: 1000 }, (_, n) => ticker(n)),
    )
  }, 300_000)
  afterAll(async () => {
    await db.destroy()
    await database.drop()
    await rm(folder, { recursive: true })
  })

  const order = (name: string, overrides: Partial<ExportOrder> = {}): ExportOrder => ({
    db,
    environment: 'mainnet',
    channels: ['publicTrade', 'ticker'],
    symbols: [{ category: 'linear', all: false, names: SYMBOLS }],
    days: [DAY],
    format: 'parquet',
    folder: join(folder, name),
    force: false,
    signal: new AbortController().signal,
    onDone: () => {},
    onInstruments: () => {},
    ...overrides,
  })

  it.each(['parquet', 'csv', 'csv.gz'] as const)(
    '%s is read back by another implementation with equal values',
    async (format) => {
      const { files } = await exportDays(order(format, { format }))
      expect(files.map(({ rows }) => rows)).toEqual([MANY, 0, 500, 500])
      for (const { table, symbol, path, rows, firstTs, lastTs, bytes, sha256 } of files) {
        if (path === null) continue
        const file = join(folder, format, path)
        const content = await readFile(file)
        expect(bytes).toBe(content.byteLength)
        expect(sha256).toBe(createHash('sha256').update(content).digest('hex'))
        const repository =
          table === 'public_trades'
            ? new PublicTradeRepository(db)
            : new TickerSnapshotRepository(db)
        const query = { category: 'linear', symbol, from: START, to: START + DAY_MS } as const
        const stored: PublicEvent[] = []
        for await (const event of repository.range(query)) stored.push(event)
        expect([stored[0]?.exchangeTs, stored.at(-1)?.exchangeTs]).toEqual([firstTs, lastTs])
        const read = await readByDuckDb(file, repository.columns, format === 'parquet')
        expect(read).toHaveLength(rows)
        const expected = stored.map((event) => texts(event, repository.columns))
        // One by one: a difference of 40,000 rows cannot be printed.
        for (const [n, row] of expected.entries()) {
          if (JSON.stringify(row) !== JSON.stringify(read[n])) expect(read[n]).toEqual(row)
        }
      }
    },
    120_000,
  )

  it('spreadsheet-safe CSV has no text that begins a formula, and every number as it is', async () => {
    const texts = [
      '=1+1',
      '+1',
      '-1',
      '@SUM(A1)',
      '\t=1',
      '\r=1',
      '\n=1',
      '＝1',
      '＋1',
      '－1',
      '＠1',
      "'own",
      'a=1',
      ' =1',
      '',
    ]
    const day = '2025-10-07'
    const start = Date.parse(`${day}T00:00:00Z`)
    const events = texts.map((text, n) =>
      trade(n, {
        symbol: 'SHEET',
        exchangeTs: start + n,
        tradeId: `${text}#${n}`,
        tickDirection: text,
        price: '-0.5' as Decimal,
        seq: -1,
      }),
    )
    await new PublicTradeRepository(db).bulkInsert(events)
    const symbols = [{ category: 'linear', all: false, names: ['SHEET'] }] as const
    const scope = { channels: ['publicTrade'], symbols, days: [day], format: 'csv' } as const
    const { columns } = new PublicTradeRepository(db)
    const readOf = async (name: string, spreadsheetSafe?: boolean) => {
      const { files } = await exportDays(
        order(name, { ...scope, ...(spreadsheetSafe !== undefined && { spreadsheetSafe }) }),
      )
      expect(files[0]?.spreadsheetSafe).toBe(spreadsheetSafe ?? false)
      return readByDuckDb(join(folder, name, files[0]?.path ?? ''), columns, false)
    }
    const placeOf = (name: string): number => columns.findIndex((column) => column.name === name)
    const cell = (rows: readonly (readonly unknown[])[], name: string) =>
      rows.map((row) => row[placeOf(name)])
    const exact = await readOf('exact')
    const safe = await readOf('safe', true)
    expect(cell(exact, 'tick_direction')).toEqual(texts)
    const isFormula = (n: number): boolean => n < texts.indexOf('a=1')
    const expected = texts.map((text, n) => (isFormula(n) ? `'${text}` : text))
    expect(cell(safe, 'tick_direction')).toEqual(expected)
    expect(cell(safe, 'trade_id')).toEqual(
      texts.map((text, n) => `${isFormula(n) ? "'" : ''}${text}#${n}`),
    )
    const texted = [placeOf('tick_direction'), placeOf('trade_id')]
    const others = (rows: readonly (readonly unknown[])[]) =>
      rows.map((row) => row.filter((_value, place) => !texted.includes(place)))
    expect(others(safe)).toEqual(others(exact))
    expect([...new Set(cell(safe, 'price')), ...new Set(cell(safe, 'seq'))]).toEqual(['-0.5', '-1'])
  })

  it('* exports every stored symbol of a day, and the manifest lists their gaps', async () => {
    const gap = { category: 'linear', channel: 'publicTrade', reason: 'disconnect' } as const
    await new CaptureGapRepository(db).insert(
      [
        { ...gap, symbol: 'ETHUSDT', startTs: START - 1000, endTs: START + 500 },
        { ...gap, symbol: 'ETHUSDT', startTs: START - 2000, endTs: START - 1 },
        { ...gap, symbol: 'BTCUSDT', startTs: START + DAY_MS, endTs: START + DAY_MS + 1 },
      ],
      { collector: 'c1' },
    )
    const channels = ['publicTrade'] as const
    const symbols = [{ category: 'linear', all: true, names: [] }] as const
    const days = [DAY, '2025-10-10', '2025-10-11']
    const { files } = await exportDays(order('all', { channels, symbols, days, format: 'csv' }))
    const summary = files.map((file) => [file.symbol, file.day, file.rows, file.gaps.length])
    expect(summary).toEqual([
      ['BTCUSDT', DAY, MANY, 0],
      ['ETHUSDT', DAY, 1, 1],
      ['ETHUSDT', '2025-10-10', 1, 0],
    ])
    expect(files[1]?.gaps).toEqual([
      {
        startTs: START - 1000,
        endTs: START + 500,
        reason: 'disconnect',
        state: 'open',
        collector: 'c1',
      },
    ])
  })

  it('the manifest counts the dead letters that may hold events of a file', async () => {
    const day = '2025-10-06'
    const localTsUs = Date.parse(`${day}T00:00:00Z`) * 1000
    const letter = (n: number, names: Partial<DeadLetter>): DeadLetter => ({
      code: 'ITEM_MALFORMED',
      reason: 'p is empty',
      field: 'p',
      topic: null,
      source: 'ws',
      category: 'linear',
      channel: 'publicTrade',
      symbol: null,
      localTsUs: localTsUs + n,
      raw: new Uint8Array([n]),
      ...names,
    })
    await new DeadLetterRepository(db).bulkInsert(
      [
        letter(0, { symbol: 'BTCUSDT' }),
        letter(1, { symbol: 'BTCUSDT', channel: 'ticker' }),
        letter(2, { symbol: 'ETHUSDT' }),
        letter(3, {}),
        letter(4, { channel: null, category: null }),
        letter(5, { category: 'option', symbol: 'BTC' }),
        letter(6, { symbol: 'BTCUSDT', localTsUs: localTsUs - 1 }),
      ],
      { collector: 'c1' },
    )
    const symbols = [
      { category: 'linear', all: false, names: ['BTCUSDT', 'SOLUSDT'] },
      { category: 'option', all: false, names: ['BTC-26DEC25-120000-C-USDT'] },
    ] as const
    const { files } = await exportDays(order('letters', { symbols, days: [day] }))
    const counts = files.map(({ table, symbol, deadLetters }) => [table, symbol, deadLetters])
    expect(counts).toEqual([
      ['public_trades', 'BTCUSDT', 3],
      ['public_trades', 'SOLUSDT', 2],
      ['public_trades', 'BTC-26DEC25-120000-C-USDT', 2],
      ['ticker_snapshots', 'BTCUSDT', 2],
      ['ticker_snapshots', 'SOLUSDT', 1],
      ['ticker_snapshots', 'BTC-26DEC25-120000-C-USDT', 1],
    ])
  })

  it('the manifest tells from when to when anything is stored of an instrument', async () => {
    const channels = ['publicTrade'] as const
    const names = ['ETHUSDT', 'NEVERUSDT']
    const symbols = [{ category: 'linear', all: false, names }] as const
    const days = ['2025-10-08', DAY]
    const { files } = await exportDays(order('known', { channels, symbols, days, format: 'csv' }))
    const eth = { knownFrom: trade(1).exchangeTs, knownUntil: START + DAY_MS }
    const never = { knownFrom: null, knownUntil: null }
    expect(files).toMatchObject([
      // On that day it was not captured, though the table's day may be there: no gap tells.
      { symbol: 'ETHUSDT', rows: 0, ...eth },
      { symbol: 'NEVERUSDT', rows: 0, ...never },
      { symbol: 'ETHUSDT', rows: 1, ...eth },
      { symbol: 'NEVERUSDT', rows: 0, ...never },
    ])
  })

  it.each(['recorded', 'recorded and filled'])(
    'a gap that is %s while files are written is in the manifest as an open one',
    async (what) => {
      const repository = new CaptureGapRepository(db)
      const bounds = { startTs: START + 7000, endTs: START + (what === 'recorded' ? 8000 : 9000) }
      const stream = { category: 'linear', channel: 'ticker', symbol: 'BTCUSDT' } as const
      const happen = async (): Promise<void> => {
        const gap = { ...stream, ...bounds, reason: 'disconnect' } as const
        await repository.insert([gap], { collector: 'c1' })
        const stored = await repository.list({ stream, state: 'open' })
        if (what === 'recorded') return
        for (const { id, endTs } of stored) {
          if (endTs === bounds.endTs) await repository.fill(id, bounds)
        }
      }
      let meanwhile: Promise<void> | undefined
      // Whatever is asked for after the first file waits for what happens meanwhile.
      const waiting = new Proxy(db, {
        get: (target, name) => {
          const value: unknown = Reflect.get(target, name, target)
          if (typeof value !== 'function') return value
          const bound = value.bind(target)
          if (name !== 'executeQuery') return bound
          return async (...args: unknown[]) => {
            await meanwhile
            return bound(...args)
          }
        },
      })
      const name = `later-${bounds.endTs}`
      const { files } = await exportDays(
        order(name, {
          db: waiting,
          channels: ['ticker'],
          format: 'csv',
          onDone: () => {
            meanwhile ??= happen()
          },
        }),
      )
      const gapsOf = (manifest: Pick<Manifest, 'files'>) =>
        manifest.files.find(({ symbol }) => symbol === 'BTCUSDT')?.gaps
      expect(gapsOf({ files })).toContainEqual(
        expect.objectContaining({ ...bounds, state: 'open' }),
      )
      const path = join(folder, name, 'manifest.json')
      expect(gapsOf(JSON.parse(await readFile(path, 'utf8')))).toEqual(gapsOf({ files }))
    },
  )

  it('the manifest of a contract lists the gaps of option trades, which are of its base coin', async () => {
    const gap = { category: 'option', channel: 'publicTrade', reason: 'disconnect' } as const
    const bounds = { startTs: START, endTs: START + 500 }
    const gaps = ['BTC', 'ETH'].map((symbol) => ({ ...gap, ...bounds, symbol }))
    await new CaptureGapRepository(db).insert(gaps, { collector: 'c1' })
    const names = ['BTC-26DEC25-120000-C-USDT']
    const symbols = [{ category: 'option', all: false, names }] as const
    const { files } = await exportDays(order('options', { symbols }))
    expect(files.map((file) => [file.table, file.gaps.length])).toEqual([
      ['public_trades', 1],
      ['ticker_snapshots', 0],
    ])
  })

  it('columns have a fixed order', async () => {
    const symbols = [{ category: 'linear', all: false, names: ['ETHUSDT'] }] as const
    const channels = ['publicTrade'] as const
    const { files } = await exportDays(order('header', { channels, symbols, format: 'csv' }))
    const path = files[0]?.path ?? ''
    const [header] = (await readFile(join(folder, 'header', path), 'utf8')).split('\r\n')
    expect(header).toBe(
      'category,symbol,exchange_ts,trade_id,local_ts,side,price,size,tick_direction,' +
        'is_block_trade,is_rpi_trade,seq,match_index,mark_price,index_price,mark_iv,iv,source',
    )
  })

  it('a later export adds to the manifest, and replaces files only with force', async () => {
    const eth = [{ category: 'linear', all: false, names: ['ETHUSDT'] }] as const
    const base = { channels: ['publicTrade'], symbols: eth, format: 'csv' } as const
    const manifest = async (): Promise<Manifest> =>
      JSON.parse(await readFile(join(folder, 'twice', 'manifest.json'), 'utf8'))
    await exportDays(order('twice', base))
    await exportDays(order('twice', { ...base, days: ['2025-10-10'] }))
    expect((await manifest()).files.map(({ day, rows }) => [day, rows])).toEqual([
      [DAY, 1],
      ['2025-10-10', 1],
    ])
    const again = { ...base, days: ['2025-10-11', DAY] }
    await expect(exportDays(order('twice', again))).rejects.toMatchObject({
      code: 'EXPORT_FILE_EXISTS',
      exitCode: 1,
    })
    const before = await manifest()
    await exportDays(order('twice', { ...again, force: true }))
    const { files } = await manifest()
    expect(files.map(({ day, rows, partition }) => [day, rows, partition])).toEqual([
      [DAY, 1, 'stored'],
      ['2025-10-10', 1, 'stored'],
      ['2025-10-11', 0, 'missing'],
    ])
    expect(files[0]?.sha256).toBe(before.files[0]?.sha256)
    const other = order('twice', { ...base, days: ['2025-10-11'], environment: 'testnet' })
    await expect(exportDays(other)).rejects.toMatchObject({ code: 'EXPORT_ENVIRONMENT_MISMATCH' })
  })

  it('a day that is removed while it is exported leaves no file of a part of it', async () => {
    // Before all days of other tests.
    const day = '2019-06-01'
    const from = Date.parse(`${day}T00:00:00Z`)
    const names = ['XRPUSDT', 'SOLUSDT']
    await new PublicTradeRepository(db).bulkInsert(
      names.flatMap((symbol) =>
        Array.from({ length: 1000 }, (_, n) => trade(n, { symbol, exchangeTs: from + n * 60_000 })),
      ),
    )
    const market: PublicTradeRepository = Object.getPrototypeOf(PublicTradeRepository.prototype)
    const { range } = market
    const olderThanMs = Date.now() - from - 3 * DAY_MS
    vi.spyOn(market, 'range').mockImplementation(async function* (
      this: PublicTradeRepository,
      query,
    ) {
      let read = 0
      for await (const event of range.call(this, query)) {
        yield event
        read += 1
        if (read !== 50) continue
        const prune = { table: 'public_trades', olderThanMs, requestedBy: 'retention' } as const
        expect((await pruneDays(db, prune)).removed).toHaveLength(1)
      }
    })
    try {
      const symbols = [{ category: 'linear', all: false, names }] as const
      const channels = ['publicTrade'] as const
      const { files } = await exportDays(order('removed-day', { channels, symbols, days: [day] }))
      expect(files).toMatchObject(
        names.map((symbol) => ({
          symbol,
          rows: 0,
          path: null,
          sha256: null,
          partition: 'removed',
        })),
      )
      expect(await readdir(join(folder, 'removed-day'), { recursive: true })).not.toContainEqual(
        expect.stringContaining(day),
      )
    } finally {
      vi.restoreAllMocks()
    }
  })

  it('a day that was removed is told so, though a row of it was stored again', async () => {
    const day = '2019-05-01'
    const from = Date.parse(`${day}T00:00:00Z`)
    const rows = ['first', 'second'].map((tradeId) =>
      trade(0, { symbol: 'AGAIN', tradeId, exchangeTs: from }),
    )
    const trades = new PublicTradeRepository(db)
    await trades.bulkInsert(rows)
    const olderThanMs = Date.now() - from - 3 * DAY_MS
    const prune = { table: 'public_trades', olderThanMs, requestedBy: 'retention' } as const
    expect((await pruneDays(db, prune)).removed).toHaveLength(1)
    await trades.bulkInsert(rows.slice(1))
    const symbols = [{ category: 'linear', all: false, names: ['AGAIN'] }] as const
    const channels = ['publicTrade'] as const
    const { files } = await exportDays(order('again', { channels, symbols, days: [day] }))
    expect(files).toMatchObject([{ rows: 1, partition: 'removed' }])
  })

  it('exports into one folder at the same time each add to the manifest', async () => {
    const manifest = async (): Promise<readonly (readonly [string, string])[]> => {
      const text = await readFile(join(folder, 'at-once', 'manifest.json'), 'utf8')
      return (JSON.parse(text) as Manifest).files.map(({ table, symbol }) => [table, symbol])
    }
    const btc = [{ category: 'linear', all: false, names: ['BTCUSDT'] }] as const
    const eth = [{ category: 'linear', all: false, names: ['ETHUSDT'] }] as const
    const both = [
      ['public_trades', 'BTCUSDT'],
      ['ticker_snapshots', 'BTCUSDT'],
    ]
    await Promise.all(
      (['publicTrade', 'ticker'] as const).map((channel) =>
        exportDays(order('at-once', { channels: [channel], symbols: btc })),
      ),
    )
    expect(await manifest()).toEqual(both)
    // One that was ended while it added to the manifest is not waited for without end.
    await writeFile(join(folder, 'at-once', 'manifest.json.lock'), '')
    await exportDays(order('at-once', { channels: ['publicTrade'], symbols: eth }))
    expect(await manifest()).toEqual([both[0], ['public_trades', 'ETHUSDT'], both[1]])
    expect(await readdir(join(folder, 'at-once'))).not.toContain('manifest.json.lock')
  }, 60_000)

  it('a list that is recorded while what was listed is read is not said to be in the file', async () => {
    const repository = new InstrumentRepository(db)
    const record = (exchangeTs: number, ...symbols: string[]) =>
      repository.record(
        {
          category: 'inverse',
          isComplete: true,
          instruments: symbols.map((symbol) => instrumentFromJson({ symbol, status: 'Trading' })),
        },
        { exchangeTs, localTsUs: exchangeTs * 1000, collector: 'c1' },
      )
    await record(START, 'BTCUSD')
    const history = InstrumentRepository.prototype.history
    const spy = vi
      .spyOn(InstrumentRepository.prototype, 'history')
      .mockImplementation(async (query) => {
        const states = await history.call(repository, query)
        await record(START + 1000, 'BTCUSD', 'ETHUSD')
        return states
      })
    const symbols = [{ category: 'inverse', all: false, names: ['BTCUSD'] }] as const
    const { instruments } = await exportDays(order('listed-meanwhile', { symbols }))
    expect(instruments).toMatchObject([{ rows: 1, knownUntil: START }])
    spy.mockRestore()
    await db.deleteFrom('instruments').execute()
    await db.deleteFrom('instrument_lists').execute()
  })

  it.each(['parquet', 'csv'] as const)(
    '%s: what was listed stands beside the data',
    async (format) => {
      // Inverse, so that no other test of this file finds instruments.
      const repository = new InstrumentRepository(db)
      const listOf = (tickSize: string, ...others: string[]): InstrumentList => ({
        category: 'inverse',
        isComplete: true,
        instruments: ['BTCUSD', ...others].map((symbol) =>
          instrumentFromJson({
            symbol,
            status: 'Trading',
            baseCoin: 'BTC',
            quoteCoin: 'USD',
            priceFilter: { tickSize },
            launchTime: START - DAY_MS,
            newKey: 'kept',
          }),
        ),
      })
      const at = (exchangeTs: number) => ({
        exchangeTs,
        localTsUs: exchangeTs * 1000,
        collector: 'c1',
      })
      await repository.record(listOf('0.10', 'ETHUSD'), at(START - 1000))
      await repository.record(listOf('0.50'), at(START - 500))
      await repository.record(listOf('0.50'), at(START - 400))
      await repository.record(listOf('0.010'), at(START + 1000))
      await repository.record(listOf('1'), at(START + DAY_MS))

      const symbols = [{ category: 'inverse', all: false, names: ['BTCUSD'] }] as const
      const days = [DAY, '2025-10-08', '2025-10-01']
      const name = `instruments-${format}`
      const { instruments } = await exportDays(order(name, { symbols, format, days }))
      expect(instruments).toMatchObject([
        {
          category: 'inverse',
          day: DAY,
          path: `instruments/inverse/${DAY}.${format}`,
          rows: 2,
          knownFrom: START - 1000,
          knownUntil: START + DAY_MS,
        },
        { day: '2025-10-08', rows: 3 },
        { day: '2025-10-01', rows: 0, path: null },
      ])
      const { path, sha256 } = instruments[0] ?? {}
      const file = join(folder, name, path ?? '')
      expect(sha256).toBe(
        createHash('sha256')
          .update(await readFile(file))
          .digest('hex'),
      )
      const rows = await readStates(file, format === 'parquet')
      const us = (ms: number): string => `${ms * 1000}`
      expect(rows.map((row) => row.slice(0, 5))).toEqual([
        ['BTCUSD', us(START - 500), us(START + 1000), '0.50', null],
        ['BTCUSD', us(START + 1000), us(START + DAY_MS), '0.010', null],
      ])
      expect(JSON.parse(String(rows[0]?.[5]))).toMatchObject({ newKey: 'kept' })
      const manifest: Manifest = JSON.parse(
        await readFile(join(folder, name, 'manifest.json'), 'utf8'),
      )
      expect(manifest.instruments).toHaveLength(3)
      // Again without force: nothing of the market was written, and what was listed is written anew.
      await exportDays(order(name, { symbols, format, days }))
      await db.deleteFrom('instruments').execute()
      await db.deleteFrom('instrument_lists').execute()
    },
  )

  it('a stopped export leaves only complete files, all in the manifest', async () => {
    const stop = new AbortController()
    const reason = new Error('stopped')
    const channels = ['ticker', 'publicTrade'] as const
    const stopped = order('stopped', {
      channels,
      signal: stop.signal,
      onDone: ({ symbol, table }) => {
        // While the trades, which come next, are exported.
        if (symbol === SYMBOLS[1] && table === 'ticker_snapshots')
          setTimeout(() => stop.abort(reason), 30)
      },
    })
    await expect(exportDays(stopped)).rejects.toBe(reason)
    const manifest: Manifest = JSON.parse(
      await readFile(join(folder, 'stopped', 'manifest.json'), 'utf8'),
    )
    expect(manifest.files.map(({ table }) => table)).toEqual([
      'ticker_snapshots',
      'ticker_snapshots',
    ])
    const found = await readdir(join(folder, 'stopped'), { recursive: true, withFileTypes: true })
    const names = found.filter((entry) => entry.isFile()).map(({ name }) => name)
    expect(names.sort()).toEqual([`${DAY}.parquet`, `${DAY}.parquet`, 'manifest.json'])
  })

  it.skipIf(process.platform !== 'linux').each([
    ['of a file system without writing', '/proc/grid-export', /cannot write \/proc\/grid-export/],
    ['that is a file', '/etc/hostname', /cannot read \/etc\/hostname\/manifest.json: ENOTDIR/],
  ])('a folder %s ends an export, and is named', async (_, out, message) => {
    const env = { EVENTSAVER_DATABASE_URL: database.url, EVENTSAVER_SYMBOLS: 'BTCUSDT' }
    const { code, stderr } = await runCli(['export', '--from', DAY, '--out', out], env)
    expect(code).toBe(1)
    expect(stderr).toMatch(message)
    expect(stderr).not.toContain('DATABASE_URL')
  })

  it('a file is complete or does not exist', async () => {
    const path = join(folder, 'whole', 'file')
    const lost = new Error('connection lost')
    const failing = writeWhole(path, async (file) => {
      await file.write(Buffer.from('half'))
      throw lost
    })
    await expect(failing).rejects.toBe(lost)
    expect(await readdir(join(folder, 'whole'))).toEqual([])
    // A disk that is full.
    await symlink('/dev/full', `${path}.partial-${hostname()}-${process.pid}`)
    const full = writeWhole(path, (file) => file.write(Buffer.from('half')))
    await expect(full).rejects.toMatchObject({
      code: 'EXPORT_WRITE_FAILED',
      exitCode: 1,
      message: expect.stringContaining('ENOSPC'),
    })
    expect(await readdir(join(folder, 'whole'))).toEqual([])
    const whole = Buffer.from('whole')
    await writeWhole(path, (file) => file.write(whole))
    await expect(
      writeWhole(join(path, 'below'), (file) => file.write(whole)),
    ).rejects.toMatchObject({ code: 'EXPORT_WRITE_FAILED' })
    expect((await stat(path)).size).toBe(whole.byteLength)
  })

  it('the command prints what it exported, and exits with 3 when there was nothing', async () => {
    const env = { EVENTSAVER_DATABASE_URL: database.url, EVENTSAVER_SYMBOLS: 'ETHUSDT' }
    const out = join(folder, 'command')
    const args = ['export', '--from', DAY, '--out', out, '--channels', 'publicTrade']
    const done = await runCli(args, env)
    expect(done).toMatchObject({ code: 0, stderr: '' })
    const nothing = `instruments linear ${DAY}: 0 rows, no file, because no list is recorded of this day\n`
    expect(done.stdout).toBe(
      `${nothing}public_trades/linear/ETHUSDT/${DAY}.parquet: 1 rows, 1 gaps, ` +
        `none before ${new Date(trade(1).exchangeTs).toISOString()} on any day\n`,
    )
    expect(await runCli(args, env)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('EXPORT_FILE_EXISTS'),
    })
    const forced = await runCli([...args, '--force', '--json', '--to', '2025-10-10'], env)
    expect(forced).toMatchObject({ code: 0, stderr: '' })
    expect((JSON.parse(forced.stdout) as Manifest).files.map(({ rows }) => rows)).toEqual([1, 1])
    const none = await runCli(args, { ...env, EVENTSAVER_SYMBOLS: 'NONE' })
    expect(none).toMatchObject({ code: 3, stderr: expect.stringContaining('EXPORT_EMPTY') })
    expect(none.stdout).toBe(
      `${nothing}public_trades linear NONE ${DAY}: 0 rows, no file, nothing is stored of it on any day\n`,
    )
  }, 300_000)

  it('wrong options exit with 2, a database that is away with 75, a missing one with 78', async () => {
    const env = { EVENTSAVER_DATABASE_URL: database.url }
    const cases: [readonly string[], number, string][] = [
      [[], 2, '--from'],
      [['--from', '2025-02-30'], 2, '--from: "2025-02-30" is not a UTC day'],
      [['--from', DAY, '--to', '2025-10-08'], 2, 'is before'],
      [['--from', DAY, '--format', 'xlsx'], 2, 'parquet, csv, csv.gz'],
      [['--from', DAY, '--spreadsheet-safe'], 2, '--format csv'],
      [
        ['--from', DAY, '--database-url', 'postgres://127.0.0.1:1/none'],
        75,
        'DATABASE_UNREACHABLE',
      ],
      [['--from', DAY, '--database-url', `pglite:${folder}/none`], 78, 'DATABASE_MISSING'],
    ]
    const results = await Promise.all(cases.map(([args]) => runCli(['export', ...args], env)))
    for (const [n, [, code, text]] of cases.entries()) {
      expect(results[n]).toMatchObject({ code, stderr: expect.stringContaining(text), stdout: '' })
    }
  }, 300_000)

  it('an embedded database that another process has open exits with 75 and names the process', async () => {
    const url = `pglite:${join(folder, 'held')}`
    const holder = createDatabase({ url })
    try {
      await migrate(holder, { environment: 'mainnet' })
      const args = ['export', '--from', DAY, '--out', join(folder, 'never')]
      expect(await runCli(args, { EVENTSAVER_DATABASE_URL: url })).toMatchObject({
        code: 75,
        stdout: '',
        stderr: expect.stringMatching(new RegExp(`DATABASE_LOCKED.*\\b${process.pid}\\b`)),
      })
    } finally {
      await holder.destroy()
    }
  }, 300_000)
})

interface ReadColumn {
  readonly name: string
  readonly field: string
  readonly kind: string
}

/** Every value as text, or null. */
function texts(event: object, columns: readonly ReadColumn[]): (string | null)[] {
  const values = event as Readonly<Record<string, unknown>>
  return columns.map(({ field, kind }) => {
    const value = values[field]
    if (value === null) return null
    if (kind === 'ms') return `${BigInt(value as number) * 1000n}`
    return kind === 'jsonb' ? JSON.stringify(value) : String(value)
  })
}

/** Some columns of a file of instruments as DuckDB reads them, as text; instants in microseconds. */
async function readStates(file: string, isParquet: boolean): Promise<(string | null)[][]> {
  const duckdb = await DuckDBInstance.create(':memory:')
  const connection = await duckdb.connect()
  try {
    const source = isParquet
      ? `read_parquet('${file}')`
      : `read_csv('${file}', header = true, all_varchar = true, nullstr = '', quote = '"', escape = '"', delim = ',')`
    const result = await connection.runAndReadAll(`
      select symbol, epoch_us(valid_from::timestamptz)::varchar,
        epoch_us(valid_until::timestamptz)::varchar, tick_size::varchar, qty_step::varchar,
        details::varchar
      from ${source} order by valid_from`)
    return result.getRows() as (string | null)[][]
  } finally {
    connection.closeSync()
    duckdb.closeSync()
  }
}

/** Every value of a file as DuckDB reads it, as text; instants in microseconds. */
async function readByDuckDb(
  file: string,
  columns: readonly ReadColumn[],
  isParquet: boolean,
): Promise<(string | null)[][]> {
  const duckdb = await DuckDBInstance.create(':memory:')
  const connection = await duckdb.connect()
  try {
    const source = isParquet
      ? `read_parquet('${file}')`
      : `read_csv('${file}', header = true, all_varchar = true, nullstr = '', allow_quoted_nulls = false, new_line = '\\r\\n', quote = '"', escape = '"', delim = ',')`
    const described = await connection.runAndReadAll(`describe select * from ${source}`)
    expect(described.getRows().map(([name]) => name)).toEqual(columns.map(({ name }) => name))
    if (isParquet) {
      const types = new Map(described.getRows().map(([name, type]) => [name, type]))
      expect(types.get('exchange_ts')).toBe('TIMESTAMP WITH TIME ZONE')
      expect(types.get('seq')).toBe('BIGINT')
      expect(types.get('category')).toBe('VARCHAR')
    }
    const values = columns.map(({ name, kind }) =>
      kind === 'ms' || kind === 'us'
        ? `epoch_us(${name}::timestamptz)::varchar`
        : `${name}::varchar`,
    )
    const result = await connection.runAndReadAll(`select ${values.join(', ')} from ${source}`)
    return result.getRows() as (string | null)[][]
  } finally {
    connection.closeSync()
    duckdb.closeSync()
  }
}
