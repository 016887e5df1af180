import { setTimeout as wait } from 'node:timers/promises'
import { spawnSimulator } from '@grid/bybit-sim'
import { createTestDatabase, startPostgres } from '@grid/testing'
import { median, slope } from '../support/figures.ts'
import { SaverProcess, settled } from '../support/saver-process.ts'
import { symbolTotals, verifyTrades } from '../support/verify-trades.ts'

const SYMBOLS = Array.from({ length: 20 }, (_, index) => `BENCH${index}USDT`)
const SAMPLE_MS = 5000
const MEGABYTE = 1024 * 1024

/** How long the whole chain runs, and how much it has to store. */
export interface EndToEndOptions {
  readonly seconds: number
  readonly tradesPerSecond: number
}

/** Captures a steady flow through real sockets into a real PostgreSQL; gives the report's lines. */
export async function endToEnd({
  seconds,
  tradesPerSecond,
}: EndToEndOptions): Promise<{ lines: string[]; failed: boolean }> {
  await using cleanUp = new AsyncDisposableStack()
  const postgres = await startPostgres()
  cleanUp.defer(() => postgres.stop())
  const database = await createTestDatabase(postgres.url)
  cleanUp.defer(() => database.drop())
  await using simulator = await spawnSimulator({
    seed: 1,
    symbols: SYMBOLS,
    tradesPerSecond: tradesPerSecond / SYMBOLS.length,
    truth: 'digest',
  })
  await using saver = new SaverProcess({
    EVENTSAVER_WS_URL: simulator.wsUrl,
    EVENTSAVER_DATABASE_URL: database.url,
    EVENTSAVER_SYMBOLS: SYMBOLS.join(','),
  })

  const rss: number[] = []
  const lags: number[] = []
  const startedAt = Date.now()
  let firstCount: { readonly at: number; readonly persisted: number } | null = null
  let rate = 0
  while (Date.now() - startedAt < seconds * 1000) {
    await wait(SAMPLE_MS)
    const status = await saver.status()
    const trades = status.channels.find(({ channel }) => channel === 'publicTrade')
    const persisted = trades?.persisted ?? 0
    firstCount ??= { at: status.now, persisted }
    rate = ((persisted - firstCount.persisted) * 1000) / Math.max(1, status.now - firstCount.at)
    rss.push((status.rss ?? 0) / MEGABYTE)
    lags.push(status.lagSeconds.publicTrade)
  }
  await simulator.pause()
  await settled(saver)
  const exitCode = await saver.stop()
  const { sent, stored, wrong } = await verifyTrades(database.url, await symbolTotals(simulator))

  const failed = sent === 0 || sent !== stored || wrong.length > 0 || exitCode !== 0
  const lines = [
    `end to end into PostgreSQL, ${SYMBOLS.length} symbols, ${seconds} s, simulator, saver and server on this machine`,
    `  trades a second  asked ${tradesPerSecond}, stored ${rate.toFixed(0)}`,
    `  trades           sent ${sent}, stored ${stored}, symbols with any difference in any column: ${wrong.length}`,
    `  saver RSS (MB)   median ${median(rss).toFixed(0)}, highest ${Math.max(...rss).toFixed(0)}, slope ${(slope(rss.slice(rss.length >> 2)) * (60_000 / SAMPLE_MS)).toFixed(2)} a minute after the first quarter`,
    `  writer lag (s)   median ${median(lags).toFixed(2)}, highest ${Math.max(...lags).toFixed(2)}`,
    `  saver exit code  ${exitCode}, warnings ${saver.complaints.length}`,
    ...saver.complaints.slice(0, 5).map((line) => `    ${line}`),
  ]
  return { lines, failed }
}
