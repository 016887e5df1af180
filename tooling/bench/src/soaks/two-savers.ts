import { setTimeout as wait } from 'node:timers/promises'
import { type SimulatorProcess, spawnSimulator } from '@grid/bybit-sim'
import { createTestDatabase, startPostgres } from '@grid/testing'
import { SaverProcess, settled } from '../support/saver-process.ts'
import { symbolTotals, verifyTrades } from '../support/verify-trades.ts'

const SYMBOLS = Array.from({ length: 8 }, (_, index) => `SOAK${index}USDT`)
const ROUND_MS = 5000

/** Two savers capture the same streams into one database, while connections break and large matches arrive. */
export async function twoSavers(options: {
  readonly seconds: number
  readonly tradesPerSecond: number
  readonly seed: number
}): Promise<{ lines: string[]; failed: boolean }> {
  await using cleanUp = new AsyncDisposableStack()
  const postgres = await startPostgres()
  cleanUp.defer(() => postgres.stop())
  const database = await createTestDatabase(postgres.url)
  cleanUp.defer(() => database.drop())
  await using simulator = await spawnSimulator({
    seed: options.seed,
    symbols: SYMBOLS,
    tradesPerSecond: options.tradesPerSecond / SYMBOLS.length,
    truth: 'digest',
  })
  const env = {
    EVENTSAVER_WS_URL: simulator.wsUrl,
    EVENTSAVER_DATABASE_URL: database.url,
    EVENTSAVER_SYMBOLS: SYMBOLS.join(','),
  }
  await using first = new SaverProcess({ ...env, EVENTSAVER_COLLECTOR: 'first' })
  await using second = new SaverProcess({ ...env, EVENTSAVER_COLLECTOR: 'second' })
  const savers = [first, second]

  const rounds = await disturb(simulator, options.seconds * 1000)
  await simulator.pause()
  await settled(...savers)
  const statuses = await Promise.all(savers.map((saver) => saver.status()))
  const exitCodes = await Promise.all(savers.map((saver) => saver.stop()))
  const { sent, stored, wrong } = await verifyTrades(database.url, await symbolTotals(simulator))

  const entries = statuses.flatMap(({ channels }) => channels)
  const sum = (term: 'persisted' | 'duplicate' | 'conflict' | 'dropped' | 'deadLettered'): number =>
    entries.reduce((total, entry) => total + entry[term], 0)
  const complaints = savers.flatMap((saver) => saver.complaints)
  const writeFailures = complaints.filter((line) => line.includes('WRITE_FAILED'))
  const unbalanced = entries.filter(({ imbalance }) => imbalance !== 0).length
  const failed =
    sent === 0 ||
    sent !== stored ||
    wrong.length + unbalanced + writeFailures.length > 0 ||
    exitCodes.some((code) => code !== 0)
  return {
    failed,
    lines: [
      `two savers, one PostgreSQL, ${SYMBOLS.length} symbols, ${options.tradesPerSecond} trades a second, ${options.seconds} s`,
      `  disturbances         ${rounds} rounds: a connection cut, a frame repeated, a match of 3000 trades`,
      `  trades               sent ${sent}, stored ${stored}, symbols with any difference in any column: ${wrong.length}`,
      `  both savers          persisted ${sum('persisted')}, duplicate ${sum('duplicate')}, conflict ${sum('conflict')}, dead-lettered ${sum('deadLettered')}, dropped ${sum('dropped')}`,
      `  failed writes        ${writeFailures.length} (a deadlock would be one)`,
      `  channels whose counts do not add up  ${unbalanced}`,
      `  exit codes           ${exitCodes.join(', ')}`,
      ...writeFailures.slice(0, 5).map((line) => `    ${line}`),
    ],
  }
}

/** Breaks the connection of one saver at a time, so that the other one receives everything. */
async function disturb(simulator: SimulatorProcess, forMs: number): Promise<number> {
  const startedAt = Date.now()
  let rounds = 0
  await wait(ROUND_MS)
  while (Date.now() - startedAt < forMs) {
    rounds += 1
    const symbol = SYMBOLS[rounds % SYMBOLS.length] ?? 'SOAK0USDT'
    await simulator.burst({ symbol, trades: 3000 })
    await simulator.fault({ kind: 'duplicate' })
    const { connections } = await simulator.stats()
    const open = connections.filter((connection) => connection.open)
    const target = open[rounds % Math.max(1, open.length)]
    if (target !== undefined && rounds % 4 === 0) {
      await simulator.fault({
        kind: 'close',
        connection: target.number,
        abrupt: rounds % 8 === 0,
      })
    }
    await wait(ROUND_MS)
  }
  return rounds
}
