import { setTimeout as wait } from 'node:timers/promises'
import { type SimulatorProcess, spawnSimulator } from '@grid/bybit-sim'
import { createDatabase } from '@grid/db'
import { type AccountsProof, compareAccounts } from '@grid/proof'
import { createTestDatabase, startPostgres } from '@grid/testing'
import { SaverProcess, settled } from '../support/saver-process.ts'
import { addTenants, type Tenant, type Tenants } from './tenants.ts'

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT']
const MEGABYTE = 1024 * 1024
const LIVE_WITHIN_MS = 60_000
const POLL_MS = 250
/** The most accounts that one process must hold, and the memory that it may use for them. */
const MANY = { accounts: 300, megabytes: 600 }

interface AccountsRun {
  readonly title: string
  readonly accounts: number
  readonly users: number
  readonly savers: number
  readonly seconds: number
  readonly seed: number
  /** The most memory that a saver may use; not checked when left out. */
  readonly megabytes?: number
}

/** The lines of a report, and whether something was wrong. */
interface Outcome {
  readonly lines: string[]
  readonly failed: boolean
}

/**
 * Captures accounts with 50 executions a second in all: ten with one saver, ten with two, and three
 * hundred with one; then compares every row with the exchange's books.
 */
export async function manyAccounts(options: {
  readonly seconds: number
  readonly seed: number
}): Promise<Outcome> {
  const outcomes = [
    await run({ ...options, title: 'ten accounts', accounts: 10, users: 3, savers: 1 }),
    await run({ ...options, title: 'ten accounts', accounts: 10, users: 3, savers: 2 }),
    await run({ ...options, title: 'many accounts', users: 3, savers: 1, ...MANY }),
  ]
  return {
    lines: outcomes.flatMap(({ lines }) => lines),
    failed: outcomes.some(({ failed }) => failed),
  }
}

async function run(options: AccountsRun): Promise<Outcome> {
  const { accounts, users, seconds, seed, title } = options
  await using cleanUp = new AsyncDisposableStack()
  const postgres = await startPostgres()
  cleanUp.defer(() => postgres.stop())
  const database = await createTestDatabase(postgres.url)
  cleanUp.defer(() => database.drop())
  await using simulator = await spawnSimulator({
    seed,
    symbols: SYMBOLS,
    tradesPerSecond: 5,
    truth: 'digest',
  })
  const { tenants, env }: Tenants = await addTenants(simulator, database.url, { accounts, users })
  const savers = Array.from(
    { length: options.savers },
    (_, index) =>
      new SaverProcess({
        ...env,
        EVENTSAVER_SYMBOLS: SYMBOLS.join(','),
        EVENTSAVER_COLLECTOR: `collector${index}`,
      }),
  )
  for (const saver of savers) cleanUp.use(saver)

  const liveAfterMs = await allLive(savers, accounts)
  await simulator.exchange('startBot', { fillsPerSecond: 50 })
  const held = await hold(savers, seconds * 1000)
  await simulator.exchange('stopBot')
  await simulator.pause()
  await settled(...savers)
  const statuses = await Promise.all(savers.map((saver) => saver.status()))
  const entries = statuses.flatMap(({ channels }) => channels)
  const unbalanced = entries.filter(({ imbalance }) => imbalance !== 0).length
  const refused = entries.reduce(
    (sum, { conflict, deadLettered }) => sum + conflict + deadLettered,
    0,
  )
  const exitCodes = await Promise.all(savers.map((saver) => saver.stop()))
  const proof = await prove(simulator, database.url, tenants)
  const { executions, orderStates, missing, unexpected, different, samples } = proof

  const failed =
    liveAfterMs > LIVE_WITHIN_MS ||
    held.least < accounts ||
    held.rss > (options.megabytes ?? Number.POSITIVE_INFINITY) ||
    executions === 0 ||
    missing + unexpected + different + unbalanced + refused > 0 ||
    exitCodes.some((code) => code !== 0)
  return {
    failed,
    lines: [
      `${title}: ${accounts} accounts of ${users} users, ${options.savers} saver(s), ${SYMBOLS.length} symbols, 50 executions a second, ${seconds} s`,
      `  all live after       ${(liveAfterMs / 1000).toFixed(1)} s; fewest live after that ${held.least}`,
      `  compared             ${executions} executions, ${orderStates} states of orders, final orders, legs and coins`,
      `  differences          missing ${missing}, unexpected ${unexpected}, columns that differ ${different}`,
      `  conflicts and dead letters ${refused}; channels whose counts do not add up ${unbalanced}`,
      `  saver RSS (MB)       highest ${held.rss.toFixed(0)}`,
      `  exit codes           ${exitCodes.join(', ')}`,
      ...samples.slice(0, 5).map((sample) => `    ${sample}`),
      ...savers.flatMap(({ complaints }) => complaints.slice(0, 3).map((line) => `    ${line}`)),
    ],
  }
}

/** Waits until all accounts are live in every saver; gives how long that took, in milliseconds. */
async function allLive(savers: readonly SaverProcess[], accounts: number): Promise<number> {
  const startedAt = Date.now()
  for (;;) {
    const live = await liveAccounts(savers)
    const elapsed = Date.now() - startedAt
    if (live === accounts || elapsed > 2 * LIVE_WITHIN_MS) return elapsed
    await wait(POLL_MS)
  }
}

/** The number of live accounts of the saver that has the fewest. */
async function liveAccounts(savers: readonly SaverProcess[]): Promise<number> {
  const statuses = await Promise.all(savers.map((saver) => saver.status()))
  return Math.min(
    ...statuses.map(({ accounts }) => accounts.filter(({ state }) => state === 'live').length),
  )
}

/** Watches the savers for a time; gives the fewest live accounts and the highest memory. */
async function hold(
  savers: readonly SaverProcess[],
  forMs: number,
): Promise<{ least: number; rss: number }> {
  let least = Number.POSITIVE_INFINITY
  let rss = 0
  const until = Date.now() + forMs
  while (Date.now() < until) {
    await wait(4 * POLL_MS)
    least = Math.min(least, await liveAccounts(savers))
    const statuses = await Promise.all(savers.map((saver) => saver.status()))
    rss = Math.max(rss, ...statuses.map((status) => (status.rss ?? 0) / MEGABYTE))
  }
  return { least, rss }
}

async function prove(
  simulator: SimulatorProcess,
  databaseUrl: string,
  tenants: readonly Tenant[],
): Promise<AccountsProof> {
  const db = createDatabase({ url: databaseUrl })
  try {
    const truths = []
    for (const { uid, accountId } of tenants) {
      truths.push({ accountId, books: await simulator.exchange('books', uid) })
    }
    return await compareAccounts(db, truths)
  } finally {
    await db.destroy()
  }
}
