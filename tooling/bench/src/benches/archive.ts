import { execFile } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createGzip } from 'node:zlib'
import type { ArchiveReading } from './archive-reader.ts'

const READER = fileURLToPath(new URL('./archive-reader.ts', import.meta.url))
const DAY = '2026-11-21'
const SYMBOL = 'BTCUSDT'
const MEGABYTE = 1024 * 1024
const HEADER =
  'timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional,RPI'
const TICKS = ['PlusTick', 'ZeroPlusTick', 'MinusTick', 'ZeroMinusTick']

/** Measures how fast a generated day of trades is read from an archive file; gives the report's lines. */
export async function archiveSpeed(rows = 1_200_000): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'grid-archive-'))
  const file = join(folder, 'day.csv.gz')
  try {
    await pipeline(Readable.from(csv(rows)), createGzip({ level: 1 }), createWriteStream(file))
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...process.execArgv,
      '--max-semi-space-size=16',
      READER,
      file,
    ])
    const { read, seconds, cpuSeconds, rss } = JSON.parse(stdout) as ArchiveReading
    return [
      `a day's archive of ${rows} trades, gzipped, read from a file by a process of its own`,
      `wall clock   ${rate(read, seconds)} rows/s (${seconds.toFixed(2)} s)`,
      `CPU          ${rate(read, cpuSeconds)} rows/s of one core, all threads and unpacking included`,
      `peak RSS     ${(rss / MEGABYTE).toFixed(0)} MB`,
    ]
  } finally {
    await rm(folder, { recursive: true })
  }
}

function rate(rows: number, seconds: number): string {
  return Math.round(rows / seconds).toLocaleString('en-US')
}

function* csv(rows: number): Generator<string> {
  const midnight = Date.parse(`${DAY}T00:00:00Z`) / 1000
  let block = `${HEADER}\n`
  for (let row = 0; row < rows; row++) {
    const at = (midnight + (row * 86_400) / rows).toFixed(4)
    const size = ((row * 7919) % 5000) / 1000 + 0.001
    const price = 90_000 + ((row * 104_729) % 100_000) / 100
    const id = `${hex(row * 2_654_435_761)}-${hex(row).slice(4)}-5e6f-8a9b-${hex(row * 40_503)}0c1d`
    const side = row % 3 === 0 ? 'Buy' : 'Sell'
    const notional = (size * price).toFixed(6)
    block += `${at},${SYMBOL},${side},${size.toFixed(3)},${price.toFixed(2)},${TICKS[row % 4]},${id},${notional}e+08,${size.toFixed(3)},${notional},0\n`
    if (block.length < 65_536) continue
    yield block
    block = ''
  }
  yield block
}

function hex(value: number): string {
  return (value % 2 ** 32).toString(16).padStart(8, '0')
}
