import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { systemClock } from '@grid/core-events'
import { type DurableJournal, openJournal, readSegments } from 'event-saver'

/** What it took to append frames; printed as JSON. */
export interface JournalAppending {
  readonly frames: number
  readonly unwritten: number
  readonly seconds: number
  readonly openMs: number
  /** CPU of the main thread, and of all threads. */
  readonly mainSeconds: number
  readonly cpuSeconds: number
  readonly loopMs: { readonly p99: number; readonly max: number }
  /** From append to the end of the sync that covers it. */
  readonly durableMs: { readonly p50: number; readonly p99: number }
  /** At its highest, and before: most of it is the loaded program. */
  readonly rss: number
  readonly rssBefore: number
  readonly bytes: number
}

/** What it took to read all frames; printed as JSON. */
export interface JournalReading {
  readonly frames: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly rss: number
  readonly rssBefore: number
}

/** A frame of trades has about this many bytes, as measured on the exchange. */
const FRAME_BYTES = 543
const TICK_MS = 5

/** Frames that differ as those of a market do: numbers change, names stay. */
function frames(count: number): readonly Buffer[] {
  return Array.from({ length: count }, (_, i) => {
    const trades = Array.from({ length: 3 }, (_unused, trade) => {
      const id = (i * 3 + trade) * 2_654_435_761
      return `{"T":${1_760_000_000_000 + (id % 100_000)},"s":"BTCUSDT","S":"Buy","v":"0.${id % 1000}","p":"${90_000 + (id % 10_000) / 10}","L":"PlusTick","i":"${id.toString(16)}-5e6f-8a9b","BT":false,"RPI":false,"seq":${id}}`
    })
    return Buffer.from(`{"topic":"publicTrade.BTCUSDT","type":"snapshot","data":[${trades}]}`)
  })
}

function open(directory: string): DurableJournal {
  return openJournal({
    directory,
    clock: systemClock,
    environment: 'simulated',
    checkpoint: () => [],
    packs: false,
    onFault: ({ code, message }) => process.stderr.write(`${code}: ${message}\n`),
  })
}

async function append(
  directory: string,
  perSecond: number,
  seconds: number,
): Promise<JournalAppending> {
  const samples = frames(5000)
  const rssBefore = process.memoryUsage.rss()
  const before = performance.now()
  const journal = open(directory)
  const openMs = performance.now() - before
  const connection = journal.connect({
    source: 'ws',
    category: 'linear',
    accountId: null,
    connection: 1,
    predecessor: null,
  })
  const waits: number[] = []
  const waiting: { position: number; at: number }[] = []
  const loop = monitorEventLoopDelay({ resolution: 5 })
  loop.enable()
  const main = process.threadCpuUsage()
  const cpu = process.cpuUsage()
  const started = performance.now()
  let sent = 0
  let rss = 0
  for (;;) {
    const elapsed = performance.now() - started
    if (elapsed >= seconds * 1000) break
    const due = Number.isFinite(perSecond) ? (elapsed * perSecond) / 1000 : sent + 2000
    const localTsUs = systemClock.nowUs()
    let position = 0
    for (; sent < due; sent++) {
      const bytes = samples[sent % samples.length] ?? Buffer.alloc(FRAME_BYTES)
      position = journal.append(connection, { bytes, localTsUs, index: sent })
    }
    waiting.push({ position, at: performance.now() })
    while (waiting[0] !== undefined && waiting[0].position <= journal.durable) {
      waits.push(performance.now() - (waiting.shift()?.at ?? 0))
    }
    rss = Math.max(rss, process.memoryUsage.rss())
    if (Number.isFinite(perSecond)) await new Promise((resolve) => setTimeout(resolve, TICK_MS))
    else await turn()
  }
  const elapsedSeconds = (performance.now() - started) / 1000
  const mainUsed = process.threadCpuUsage(main)
  const used = process.cpuUsage(cpu)
  loop.disable()
  await journal.close()
  waits.sort((a, b) => a - b)
  const quantile = (part: number) => waits[Math.floor((waits.length - 1) * part)] ?? 0
  return {
    frames: sent,
    unwritten: journal.counts.unwritten,
    seconds: elapsedSeconds,
    openMs,
    mainSeconds: (mainUsed.user + mainUsed.system) / 1e6,
    cpuSeconds: (used.user + used.system) / 1e6,
    loopMs: { p99: loop.percentile(99) / 1e6, max: loop.max / 1e6 },
    durableMs: { p50: quantile(0.5), p99: quantile(0.99) },
    rss,
    rssBefore,
    bytes: journal.totalBytes,
  }
}

async function read(directory: string): Promise<JournalReading> {
  const reader = readSegments({ directory })
  const started = performance.now()
  const cpu = process.cpuUsage()
  const rssBefore = process.memoryUsage.rss()
  let count = 0
  let rss = 0
  while (!reader.isAtTail) {
    for (const item of await reader.next()) if (item.kind === 'frame') count += 1
    rss = Math.max(rss, process.memoryUsage.rss())
  }
  const { user, system } = process.cpuUsage(cpu)
  await reader.close()
  const seconds = (performance.now() - started) / 1000
  return { frames: count, seconds, cpuSeconds: (user + system) / 1e6, rss, rssBefore }
}

const [what = '', directory = '', rate = '', seconds = ''] = process.argv.slice(2)
const work = what === 'read' ? read(directory) : append(directory, Number(rate), Number(seconds))
work.then((result) => process.stdout.write(JSON.stringify(result)))
