import { setTimeout as wait } from 'node:timers/promises'
import { spawnSimulator } from '@grid/bybit-sim'
import { createTestDatabase, startPostgres } from '@grid/testing'
import { median, slope } from '../support/figures.ts'
import { SaverProcess, settled } from '../support/saver-process.ts'
import { symbolTotals, verifyTrades } from '../support/verify-trades.ts'

/** The simulator sends each symbol's trades every 10 ms; with this many a second a frame holds 2.9 of them, as on the exchange. */
const TRADES_A_SYMBOL = 290
const SAMPLE_MS = 5000
const MEGABYTE = 1024 * 1024

/** How long the whole chain runs, and how much it has to store. */
export interface EndToEndOptions {
  readonly seconds: number
  readonly tradesPerSecond: number
}

/** Where a saver keeps what it has received. */
type JournalKind = 'disk' | 'memory'

interface Outcome {
  readonly lines: readonly string[]
  readonly failed: boolean
  /** Trades stored a second. */
  readonly rate: number
  /** Microseconds of CPU of the saver's process a trade. */
  readonly cpuUs: number
}

/**
 * Captures a steady flow through real sockets into a real PostgreSQL, with the journal on disk and then in memory;
 * gives the report's lines.
 */
export async function endToEnd(
  options: EndToEndOptions,
): Promise<{ lines: string[]; failed: boolean }> {
  const disk = await capture('disk', options)
  const memory = await capture('memory', options)
  const lines = [
    ...disk.lines,
    ...memory.lines,
    `the journal on disk, in multiples of that in memory: trades stored a second ${(disk.rate / memory.rate).toFixed(2)}, asked at least 0.9; CPU a trade ${(disk.cpuUs / memory.cpuUs).toFixed(2)}`,
  ]
  return { lines, failed: disk.failed || disk.rate / memory.rate < 0.9 }
}

async function capture(
  journal: JournalKind,
  { seconds, tradesPerSecond }: EndToEndOptions,
): Promise<Outcome> {
  const count = Math.max(1, Math.round(tradesPerSecond / TRADES_A_SYMBOL))
  const symbols = Array.from({ length: count }, (_, index) => `BENCH${index}USDT`)
  await using cleanUp = new AsyncDisposableStack()
  const postgres = await startPostgres()
  cleanUp.defer(() => postgres.stop())
  const database = await createTestDatabase(postgres.url)
  cleanUp.defer(() => database.drop())
  await using simulator = await spawnSimulator({
    seed: 1,
    symbols,
    tradesPerSecond: tradesPerSecond / count,
    truth: 'digest',
  })
  await using saver = new SaverProcess({
    EVENTSAVER_WS_URL: simulator.wsUrl,
    EVENTSAVER_DATABASE_URL: database.url,
    EVENTSAVER_SYMBOLS: symbols.join(','),
    EVENTSAVER_JOURNAL: journal,
  })

  const rss: number[] = []
  const lags: number[] = []
  const startedAt = Date.now()
  let first: { readonly at: number; readonly persisted: number; readonly cpuUs: number } | null =
    null
  let rate = 0
  let cpuUs = 0
  while (Date.now() - startedAt < seconds * 1000) {
    await wait(SAMPLE_MS)
    const status = await saver.status()
    const trades = status.channels.find(({ channel }) => channel === 'publicTrade')
    const persisted = trades?.persisted ?? 0
    const used = saver.cpuUs()
    first ??= { at: status.now, persisted, cpuUs: used }
    const stored = persisted - first.persisted
    rate = (stored * 1000) / Math.max(1, status.now - first.at)
    cpuUs = (used - first.cpuUs) / Math.max(1, stored)
    rss.push((status.rss ?? 0) / MEGABYTE)
    lags.push(status.lagSeconds.publicTrade)
  }
  await simulator.pause()
  await settled(saver)
  const exitCode = await saver.stop()
  const { sent, stored, wrong } = await verifyTrades(database.url, await symbolTotals(simulator))

  const failed = sent === 0 || sent !== stored || wrong.length > 0 || exitCode !== 0
  const lines = [
    `end to end into PostgreSQL, journal ${journal === 'disk' ? 'on disk' : 'in memory'}, ${count} symbols, ${seconds} s, simulator, saver and server on this machine`,
    `  trades a second  asked ${tradesPerSecond}, stored ${rate.toFixed(0)}, CPU of the saver a trade (us) ${cpuUs.toFixed(2)}`,
    `  trades           sent ${sent}, stored ${stored}, symbols with any difference in any column: ${wrong.length}`,
    `  saver RSS (MB)   median ${median(rss).toFixed(0)}, highest ${Math.max(...rss).toFixed(0)}, slope ${(slope(rss.slice(rss.length >> 2)) * (60_000 / SAMPLE_MS)).toFixed(2)} a minute after the first quarter`,
    `  writer lag (s)   median ${median(lags).toFixed(2)}, highest ${Math.max(...lags).toFixed(2)}`,
    `  saver exit code  ${exitCode}, warnings ${saver.complaints.length}`,
    ...saver.complaints.slice(0, 5).map((line) => `    ${line}`),
  ]
  return { lines, failed, rate, cpuUs }
}
