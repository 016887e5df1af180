import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { systemClock } from '@grid/core-events'
import { openJournal } from 'event-saver'
import type { JournalAppending, JournalReading } from './journal-process.ts'

const PROCESS = fileURLToPath(new URL('./journal-process.ts', import.meta.url))
const MEGABYTE = 2 ** 20
const SECONDS = 8
/** What 50,000 trades a second are in frames, and what no market has reached. */
const RATES = [17_000, 150_000]
/** What is asked of reading, in frames a second of one core: the clock on the wall is others' too. */
const LEAST_READ = 100_000

/** Appends frames paced and as fast as it goes, and reads them back raw and packed, each in a process of its own. */
export async function journalSpeed(): Promise<{ lines: string[]; failed: boolean }> {
  const folder = await mkdtemp(join(tmpdir(), 'grid-journal-'))
  const lines = [`the journal, frames of trades, each line a process of its own, ${SECONDS} s`]
  try {
    for (const rate of [...RATES, Number.POSITIVE_INFINITY]) {
      const directory = join(folder, String(rate))
      const appending = await run<JournalAppending>([
        'append',
        directory,
        String(rate),
        String(SECONDS),
      ])
      lines.push(...appended(rate, appending))
    }
    const directory = join(folder, String(RATES[1]))
    const raw = await run<JournalReading>(['read', directory])
    lines.push(readLine('read raw', raw))
    const ratio = await pack(directory)
    const packed = await run<JournalReading>(['read', directory])
    lines.push(`${readLine('read packed', packed)}, ${ratio.toFixed(1)} times smaller`)
    const speeds = [raw, packed].map(({ frames, cpuSeconds }) => frames / cpuSeconds)
    return { lines, failed: raw.frames !== packed.frames || Math.min(...speeds) < LEAST_READ }
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function run<Result>(words: readonly string[]): Promise<Result> {
  const options = ['--max-semi-space-size=16', PROCESS, ...words]
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    ...process.execArgv,
    ...options,
  ])
  process.stderr.write(stderr)
  return JSON.parse(stdout) as Result
}

function appended(rate: number, it: JournalAppending): string[] {
  const { frames, unwritten, seconds, mainSeconds, cpuSeconds, loopMs, durableMs } = it
  const name = Number.isFinite(rate)
    ? `asked ${rate.toLocaleString('en-US')}/s`
    : 'as fast as it goes'
  const each = (value: number) => ((value * 1e6) / frames).toFixed(2)
  return [
    `append, ${name}: ${perSecond(frames, seconds)} frames/s, ${unwritten} of ${frames} not written`,
    `  CPU a frame (us)   main thread ${each(mainSeconds)}, all threads ${each(cpuSeconds)}, the harness included`,
    `  event loop (ms)    p99 ${loopMs.p99.toFixed(0)}, max ${loopMs.max.toFixed(0)}`,
    `  durable after (ms) p50 ${durableMs.p50.toFixed(0)}, p99 ${durableMs.p99.toFixed(0)}`,
    `  ${rssOf(it)}, ${(it.bytes / frames).toFixed(0)} bytes a frame, opened in ${it.openMs.toFixed(1)} ms`,
  ]
}

function readLine(name: string, reading: JournalReading): string {
  const { frames, seconds, cpuSeconds } = reading
  const cpu = ((cpuSeconds * 1e6) / frames).toFixed(2)
  return `${name}: ${perSecond(frames, seconds)} frames/s (${frames}), CPU a frame ${cpu} us, ${rssOf(reading)}`
}

function rssOf({ rss, rssBefore }: { rss: number; rssBefore: number }): string {
  const [peak, before] = [rss, rssBefore].map((bytes) => (bytes / MEGABYTE).toFixed(0))
  return `peak RSS ${peak} MB, ${before} of it before`
}

function perSecond(count: number, seconds: number): string {
  return Math.round(count / seconds).toLocaleString('en-US')
}

/** Lets the next process on the directory pack all that is there; gives how many times smaller it became. */
async function pack(directory: string): Promise<number> {
  const journal = openJournal({
    directory,
    clock: systemClock,
    environment: 'simulated',
    checkpoint: () => [],
    onFault: ({ code, message }) => process.stderr.write(`${code}: ${message}\n`),
  })
  let before = 0
  for (;;) {
    await pause(200)
    before = Math.max(before, journal.totalBytes)
    const raw = (await readdir(directory)).filter((file) => file.endsWith('.log'))
    // The one that it writes itself.
    if (raw.length <= 1 && before > MEGABYTE) break
  }
  const after = journal.totalBytes
  await journal.close()
  return before / after
}
