import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type DeadLetter, type PublicTradeEvent, publicTradeEventSchema } from '@grid/core-events'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import {
  type ArchiveLocation,
  downloadTradeArchive,
  type ReadTradeArchiveOptions,
  readTradeArchive,
  tradeArchiveUrl,
} from '../../src/index.ts'
import { httpHand } from '../support/http-hand.ts'
import { realMessages, whyNoRealMessages } from '../support/real-messages.ts'
import { SteppedClock } from '../support/stepped-clock.ts'

const LINEAR = { category: 'linear', symbol: 'BTCUSDT', day: '2025-10-09' } as const
const SPOT = { category: 'spot', symbol: 'BTCUSDT', day: '2025-10-09' } as const
const HEADER =
  'timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional'
const ROW = '1760000000.1012,BTCUSDT,Buy,0.003,100000.10,PlusTick,id-1,3e+10,0.003,300.0003'

interface Read {
  readonly events: readonly PublicTradeEvent[]
  readonly deadLetters: readonly DeadLetter[]
  readonly batches: readonly number[]
}

async function* streamOf(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}

async function readAll(options: ReadTradeArchiveOptions): Promise<Read> {
  const read = { events: [], deadLetters: [], batches: [] } as {
    events: PublicTradeEvent[]
    deadLetters: DeadLetter[]
    batches: number[]
  }
  for await (const { events, deadLetters } of readTradeArchive(options)) {
    read.events.push(...events)
    read.deadLetters.push(...deadLetters)
    read.batches.push(events.length + deadLetters.length)
  }
  return read
}

const readText = (
  csv: string | Uint8Array,
  where: ArchiveLocation = LINEAR,
  options: Partial<ReadTradeArchiveOptions> = {},
): Promise<Read> => readAll({ ...where, stream: streamOf(gzipSync(csv)), ...options })

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'grid-archive-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

test("a row gives the socket's event, as far as the archive has the values", async () => {
  const { events, deadLetters } = await readText(`${HEADER}\n${ROW}\n`)
  expect(deadLetters).toEqual([])
  expect(events).toEqual([
    {
      channel: 'publicTrade',
      category: 'linear',
      symbol: 'BTCUSDT',
      exchangeTs: 1_760_000_000_101,
      localTsUs: expect.any(Number),
      source: 'archive',
      tradeId: 'id-1',
      side: 'Buy',
      price: '100000.10',
      size: '0.003',
      tickDirection: 'PlusTick',
      isBlockTrade: null,
      isRpiTrade: null,
      seq: -1,
      matchIndex: -1,
      markPrice: null,
      indexPrice: null,
      markIv: null,
      iv: null,
    },
  ])
  expect(() => publicTradeEventSchema.parse(events[0])).not.toThrow()
})

test('columns are found by their names, wherever they are', async () => {
  const header = 'RPI,trdMatchID,price,size,side,symbol,timestamp,novelty'
  const row = '1,m-123,2.5,7,Sell,BTCUSDT,1760000000,x'
  const { events } = await readText(`${header}\n${row}`)
  expect(events).toMatchObject([
    {
      tradeId: 'm-123',
      price: '2.5',
      size: '7',
      side: 'Sell',
      exchangeTs: 1_760_000_000_000,
      isRpiTrade: true,
      tickDirection: null,
    },
  ])
})

test.each([
  ['id,timestamp,price,volume,side', [null, null]],
  ['id,timestamp,price,volume,side,rpi', [false, true]],
])('spot rows of %s are named by their place in the file', async (header, rpi) => {
  const isNew = header.endsWith('rpi')
  const rows = [
    `1,1760000000101,100000.1,0.00012,sell${isNew ? ',0' : ''}`,
    'broken',
    `1,1760000000101,100000.1,0.00012,sell${isNew ? ',1' : ''}`,
  ]
  const { events, deadLetters } = await readText([header, ...rows].join('\n'), SPOT)
  expect(events.map(({ tradeId }) => tradeId)).toEqual(['arch:2025-10-09:1', 'arch:2025-10-09:3'])
  expect(events.map(({ isRpiTrade }) => isRpiTrade)).toEqual(rpi)
  expect(events[0]).toMatchObject({
    category: 'spot',
    exchangeTs: 1_760_000_000_101,
    side: 'Sell',
    size: '0.00012',
  })
  expect(deadLetters).toHaveLength(1)
})

test('seconds are rounded down by their digits, however many there are', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.tuple(
          fc.integer({ min: 1_546_300_800, max: 4_102_444_799 }),
          fc.stringMatching(/^\d{0,9}$/),
        ),
        { minLength: 1, maxLength: 50 },
      ),
      async (times) => {
        const rows = times.map(([seconds, decimals]) => {
          const time = decimals === '' ? `${seconds}` : `${seconds}.${decimals}`
          return ROW.replace('1760000000.1012', time)
        })
        const { events } = await readText([HEADER, ...rows].join('\n'))
        const floored = times.map(([seconds, decimals]) =>
          Number(`${seconds}${decimals.slice(0, 3).padEnd(3, '0')}`),
        )
        expect(events.map(({ exchangeTs }) => exchangeTs)).toEqual(floored)
      },
    ),
    { numRuns: 40 },
  ))

test.each([
  ['timestamp', 'timestamp', '1760000000.1012', ''],
  ['a float', 'timestamp', '1760000000.1012', '1.7600000001012e9'],
  ['a bare dot', 'timestamp', '1760000000.1012', '1760000000.'],
  ['milliseconds', 'timestamp', '1760000000.1012', '1760000000101'],
  ['another symbol', 'symbol', 'BTCUSDT', 'BTCUSD'],
  ['a longer symbol', 'symbol', 'BTCUSDT', 'BTCUSDTT'],
  ['no side', 'side', 'Buy', ''],
  ['no size', 'size', '0.003', ''],
  ['no number', 'price', '100000.10', 'NaN'],
  ['no id', 'trdMatchID', 'id-1', ''],
  ['a blank in the id', 'trdMatchID', 'id-1', 'id 1'],
  ['an unprintable tick direction', 'tickDirection', 'PlusTick', 'Plus\0'],
  ['a column too many', null, 'id-1', 'id,1'],
  ['a column too few', null, ',300.0003', ''],
  ['quotes', null, ROW, '"hello'],
])('%s costs its row alone', async (_name, field, found, instead) => {
  const bad = ROW.replace(found, instead)
  const { events, deadLetters } = await readText(`${HEADER}\n${ROW}\n${bad}\n${ROW}\n`)
  expect(events).toHaveLength(2)
  expect(deadLetters).toMatchObject([
    {
      code: 'ITEM_MALFORMED',
      field,
      category: 'linear',
      channel: 'publicTrade',
      topic: 'trading/BTCUSDT/BTCUSDT2025-10-09.csv.gz',
      symbol: 'BTCUSDT',
      source: 'archive',
    },
  ])
  expect(Buffer.from(deadLetters[0]?.raw ?? []).toString()).toBe(bad)
})

test('a dead letter keeps bytes that are no text; names need not be ASCII', async () => {
  const broken = Buffer.concat([Buffer.from(ROW.replace('id-1', 'id')), Buffer.from([0xff])])
  const where = { ...LINEAR, symbol: '币安人生USDT' }
  const named = ROW.replace('BTCUSDT', where.symbol)
  const csv = Buffer.concat([Buffer.from(`${HEADER}\n${named}\n`), broken, Buffer.from('\n')])
  const { events, deadLetters } = await readText(csv, where)
  expect(events.map(({ symbol }) => symbol)).toEqual([where.symbol])
  expect(deadLetters.map(({ raw }) => raw)).toEqual([new Uint8Array(broken)])
})

test('a file reads the same however it is chunked, compressed and ended', () =>
  fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 200 }),
      fc.constantFrom('\n', '\r\n', '\n\n'),
      fc.boolean(),
      fc.boolean(),
      fc.integer({ min: 1, max: 60 }),
      async (size, newline, isEnded, isPacked, batchSize) => {
        const rows = Array.from({ length: 50 }, (_, n) => ROW.replace('id-1', `id-${n}`))
        const text = [HEADER, ...rows].join(newline) + (isEnded ? newline : '')
        const bytes = isPacked ? gzipSync(text) : Buffer.from(text)
        const chunks = []
        for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size))
        const stream = streamOf(...chunks)
        const { events, deadLetters, batches } = await readAll({ ...LINEAR, stream, batchSize })
        expect(deadLetters).toEqual([])
        expect(events.map(({ tradeId }) => tradeId)).toEqual(rows.map((_, n) => `id-${n}`))
        expect(Math.max(...batches)).toBeLessThanOrEqual(batchSize)
      },
    ),
    { numRuns: 60 },
  ))

test.each([
  ['cut off', (file: Buffer) => file.subarray(0, file.length - 20), 'ARCHIVE_DAMAGED', true],
  ['without its last bytes', (file: Buffer) => file.subarray(0, -4), 'ARCHIVE_DAMAGED', true],
  ['corrupt', (file: Buffer) => Buffer.from(file).fill(0x55, 200, 260), 'ARCHIVE_DAMAGED', true],
  ['empty', () => Buffer.alloc(0), 'ARCHIVE_DAMAGED', true],
  ['a page', () => Buffer.from('<!DOCTYPE html><html>…</html>'), 'ARCHIVE_NOT_GZIP', true],
  ['a packed page', () => gzipSync('<html>\n</html>'), 'ARCHIVE_MALFORMED', false],
  ['packed nothing', () => gzipSync(''), 'ARCHIVE_MALFORMED', false],
  ['one endless line', () => gzipSync('x'.repeat(1_000_000)), 'ARCHIVE_MALFORMED', false],
])('a file that is %s is told from a whole one', async (_name, spoil, code, retryable) => {
  const rows = Array.from({ length: 3000 }, (_, n) => ROW.replace('id-1', `id-${n * 7919}`))
  const stream = streamOf(spoil(gzipSync([HEADER, ...rows].join('\n'))))
  await expect(readAll({ ...LINEAR, stream })).rejects.toMatchObject({ code, retryable })
})

test.each([
  [404, 2, { code: 'ARCHIVE_NOT_PUBLISHED', retryable: true }],
  [404, 5, { code: 'ARCHIVE_NO_FILE', retryable: false }],
  [403, 5, { code: 'HTTP_STATUS', retryable: false, httpStatus: 403 }],
  [503, 5, { code: 'HTTP_STATUS', retryable: true, httpStatus: 503 }],
])('HTTP %i, %i days after the day began', async (status, days, error) => {
  const { url } = await httpHand((response) => response.writeHead(status).end('no'))
  const clock = new SteppedClock()
  const day = new Date(clock.nowMs - days * 86_400_000).toISOString().slice(0, 10)
  const call = readAll({ ...LINEAR, day, archiveUrl: url, clock })
  await expect(call).rejects.toMatchObject({ ...error, endpoint: expect.stringContaining(day) })
  expect(clock.pendingTimers).toBe(0)
})

test("a day is fetched from the exchange's address for it", async () => {
  const { url, asked } = await httpHand((response, { pathname }) => {
    const isSpot = pathname.startsWith('/spot')
    const spot = 'id,timestamp,price,volume,side\n1,1760000000101,1,1,buy\n'
    response.end(gzipSync(isSpot ? spot : `${HEADER}\n${ROW}\n`))
  })
  for (const where of [LINEAR, SPOT]) {
    expect((await readAll({ ...where, archiveUrl: url })).events).toHaveLength(1)
  }
  expect(asked.map(({ pathname }) => pathname)).toEqual([
    '/trading/BTCUSDT/BTCUSDT2025-10-09.csv.gz',
    '/spot/BTCUSDT/BTCUSDT_2025-10-09.csv.gz',
  ])
  expect(tradeArchiveUrl(LINEAR)).toBe(
    'https://public.bybit.com/trading/BTCUSDT/BTCUSDT2025-10-09.csv.gz',
  )
})

test('a fetch that breaks off, stalls or is aborted says so; a slow reader is no stall', async () => {
  const packed = gzipSync(`${HEADER}\n${ROW}\n`)
  const half = await httpHand((response) => {
    response.writeHead(200, { 'content-length': packed.length }).write(packed.subarray(0, 30))
    setTimeout(() => response.destroy(), 20)
  })
  const broken = readAll({ ...LINEAR, archiveUrl: half.url })
  await expect(broken).rejects.toMatchObject({ code: 'NETWORK', retryable: true })
  const stalling = await httpHand((response) =>
    response.writeHead(200).write(packed.subarray(0, 30)),
  )
  const stalled = readAll({ ...LINEAR, archiveUrl: stalling.url, timeoutMs: 50 })
  await expect(stalled).rejects.toMatchObject({ code: 'TIMEOUT', retryable: true })
  const controller = new AbortController()
  const aborted = readAll({ ...LINEAR, archiveUrl: stalling.url, signal: controller.signal })
  controller.abort()
  await expect(aborted).rejects.toMatchObject({ code: 'ABORTED', retryable: false })

  const rows = Array.from({ length: 20_000 }, (_, n) => `${ROW}${n}`)
  const whole = await httpHand((response) => response.end(gzipSync([HEADER, ...rows].join('\n'))))
  let read = 0
  const slow = { ...LINEAR, archiveUrl: whole.url, timeoutMs: 500, batchSize: 10_000 }
  for await (const { events } of readTradeArchive(slow)) {
    await new Promise((resolve) => setTimeout(resolve, 600))
    read += events.length
  }
  expect(read).toBe(20_000)
})

test('a downloaded file is complete or absent', async () => {
  const folder = await temporaryFolder()
  const packed = gzipSync(`${HEADER}\n${ROW}\n`)
  const { url } = await httpHand((response, _url, count) => {
    if (count === 0) {
      response.end('<html>busy</html>')
    } else if (count === 2) {
      response.end(packed)
    } else {
      response.writeHead(200, { 'content-length': 500 }).write(packed)
      setTimeout(() => response.destroy(), 20)
    }
  })
  const file = join(folder, 'day.csv.gz')
  const download = (): Promise<number> => downloadTradeArchive({ ...LINEAR, archiveUrl: url, file })
  await expect(download()).rejects.toMatchObject({ code: 'ARCHIVE_NOT_GZIP' })
  await expect(download()).rejects.toMatchObject({ code: 'NETWORK' })
  expect(await readdir(folder)).toEqual([])
  expect(await download()).toBe(packed.length)
  await expect(download()).rejects.toMatchObject({ code: 'NETWORK' })
  expect(await readdir(folder)).toEqual(['day.csv.gz'])
  expect(await readFile(file)).toEqual(packed)
  expect((await readAll({ ...LINEAR, file })).events).toHaveLength(1)
})

test('leaving early, or a reader that throws, closes the file', async () => {
  const folder = await temporaryFolder()
  const file = join(folder, 'day.csv.gz')
  const rows = Array.from({ length: 50_000 }, (_, n) => `${ROW}${n}`)
  await writeFile(file, gzipSync([HEADER, ...rows].join('\n')))
  const openFiles = async (): Promise<number> => (await readdir('/proc/self/fd')).length
  const before = await openFiles()
  for (let round = 0; round < 5; round++) {
    for await (const _ of readTradeArchive({ ...LINEAR, file })) break
  }
  let open = await openFiles()
  const deadline = performance.now() + 5000
  while (open > before && performance.now() < deadline) open = await openFiles()
  expect(open).toBeLessThanOrEqual(before)
  await expect(readAll({ ...LINEAR, file: join(folder, 'none') })).rejects.toThrow('ENOENT')
})

test.each([
  [{ day: '2025-02-30' }, 'day'],
  [{ day: '2025-1-1' }, 'day'],
  [{ category: 'option' as never }, 'category'],
  [{ symbol: 'a b' }, 'symbol'],
  [{ archiveUrl: 'ftp://x', file: undefined }, 'archiveUrl'],
  [{ batchSize: 0 }, 'batchSize'],
])('%o is refused by name, at once', (options, option) => {
  const refused = expect.objectContaining({ code: 'INVALID_OPTION', option })
  expect(() => readTradeArchive({ ...LINEAR, ...options })).toThrow(refused)
})

test('real rows of every layout, digit for digit', async (context) => {
  if (whyNoRealMessages !== null) context.skip(whyNoRealMessages)
  const files = realMessages(/csv\/.*\.csv$/)
  expect(files.size).toBeGreaterThanOrEqual(4)
  for (const [name, [header = '', ...rows]] of files) {
    const columns = header.split(',')
    const category = name.includes('inverse') ? 'inverse' : 'linear'
    const symbol = rows[0]?.split(',')[columns.indexOf('symbol')] ?? ''
    const where = { ...LINEAR, category, symbol } as const
    const { events, deadLetters } = await readText([header, ...rows].join('\n'), where)
    expect(deadLetters).toEqual([])
    expect(events).toHaveLength(rows.length)
    for (const [at, row] of rows.entries()) {
      const value = (column: string): string | undefined => row.split(',')[columns.indexOf(column)]
      const [seconds = '', decimals = ''] = (value('timestamp') ?? '').split('.')
      const rpi = value('RPI')
      expect(events[at]).toMatchObject({
        category,
        symbol: value('symbol'),
        side: value('side'),
        size: value('size'),
        price: value('price'),
        tickDirection: value('tickDirection'),
        tradeId: value('trdMatchID'),
        exchangeTs: Number(`${seconds}${decimals.slice(0, 3).padEnd(3, '0')}`),
        isRpiTrade: rpi === undefined ? null : rpi === '1',
      })
    }
  }
})
