import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type SimulatorProcess, spawnSimulator } from '@grid/bybit-sim'
import { createDatabase, type GridDatabase } from '@grid/db'
import { type AccountsComparison, type AccountsProof, compareAccounts } from '@grid/proof'
import { createTestDatabase, OwnPostgres, type Relay, startRelay } from '@grid/testing'
import type { Kysely } from 'kysely'
import { addTenants, type Tenant } from '../tenants.ts'
import { readWithinMs } from './judge.ts'
import { type Life, Lives, waitingOf } from './lives.ts'

export const SYMBOLS = Array.from({ length: 20 }, (_, index) => `SOAK${index}USDT`)
/** Each symbol has a ticker every 100 ms. */
const TICKERS_PER_SECOND = SYMBOLS.length * 10
const FILLS_PER_SECOND = 20
const QUIET_WITHIN_MS = 600_000
const ACCOUNTS_WITHIN_MS = 60_000
/** One reply that finds no room in memory is asked for again after a minute. */
const REPAIRED_WITHIN_MS = 900_000

export interface SceneOptions {
  readonly seed: number
  /** Trades and tickers a second. */
  readonly eventsPerSecond: number
  readonly accounts: number
  /** The folder below which the server keeps its files. */
  readonly serverParent?: string
  readonly nodeFlags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** An exchange with accounts, a server of its own behind a relay, and savers of the deployed build. */
export interface Scene {
  /** The server that takes writes, or will. */
  postgres: OwnPostgres
  readonly relay: Relay
  readonly simulator: SimulatorProcess
  readonly tenants: readonly Tenant[]
  readonly lives: Lives
  /** The database at that server, not through the relay. */
  databaseUrl: string
}

/** Starts everything but a saver. */
export async function openScene(
  cleanUp: AsyncDisposableStack,
  options: SceneOptions,
): Promise<Scene> {
  const { seed, eventsPerSecond, accounts, serverParent } = options
  const postgres = cleanUp.use(
    await OwnPostgres.create(serverParent === undefined ? {} : { parent: serverParent }),
  )
  const { url: databaseUrl } = await createTestDatabase(postgres.url)
  const relay = await startRelay(databaseUrl)
  cleanUp.defer(() => relay.close())
  const simulator = cleanUp.use(
    await spawnSimulator({
      seed,
      symbols: SYMBOLS,
      tradesPerSecond: Math.max(0, eventsPerSecond - TICKERS_PER_SECOND) / SYMBOLS.length,
    }),
  )
  const { tenants, env } = await addTenants(simulator, databaseUrl, { accounts, users: 1 })
  const folder = await mkdtemp(join(tmpdir(), 'grid-soak-saver-'))
  cleanUp.defer(() => rm(folder, { recursive: true, force: true }))
  const lives = cleanUp.use(
    new Lives({
      folder,
      simulator,
      nodeFlags: options.nodeFlags ?? [],
      env: {
        ...env,
        EVENTSAVER_DATABASE_URL: relay.url,
        EVENTSAVER_SYMBOLS: SYMBOLS.join(','),
        ...options.env,
      },
    }),
  )
  if (accounts > 0) await simulator.exchange('startBot', { fillsPerSecond: FILLS_PER_SECOND })
  return { postgres, relay, simulator, tenants, lives, databaseUrl }
}

/** Waits until all topics and accounts of the running saver are live. */
export function live({ lives, tenants }: Scene): Promise<void> {
  return lives.live(2 * SYMBOLS.length, tenants.length)
}

/** Waits until the running saver uses its database. */
export async function untilDatabaseReady({ saver }: Lives): Promise<void> {
  while (!(await saver.status()).databaseReady) await wait(100)
}

/** Ends the market, and waits until the saver has stored everything. */
export async function quieten({ simulator, tenants, lives }: Scene): Promise<void> {
  if (tenants.length > 0) await simulator.exchange('stopBot')
  await simulator.pause()
  const deadline = Date.now() + QUIET_WITHIN_MS
  for (let same = 0; same < 4; await wait(250)) {
    const status = await lives.saver.status()
    const waiting = waitingOf(status)
    same = waiting === 0 && status.journal.behind.length === 0 ? same + 1 : 0
    if (Date.now() > deadline) throw new Error(`${waiting} items still wait`)
  }
}

/** Begins again after {@link quieten}. */
export async function resume({ simulator, tenants }: Scene): Promise<void> {
  await simulator.resume()
  if (tenants.length > 0) {
    await simulator.exchange('startBot', { fillsPerSecond: FILLS_PER_SECOND })
  }
}

/** Compares the accounts; again for a while, as what was missed is still being read over REST. */
export async function judgeAccounts(
  { simulator, tenants, lives, databaseUrl }: Scene,
  marginMs: (life: Life) => number = readWithinMs,
  isUnheard: AccountsComparison['isUnheard'] = (_account, ms) =>
    !lives.all.some(
      (life) =>
        life.liveMs !== null &&
        ms >= life.liveMs &&
        ms <= (life.killedMs ?? life.stoppedMs ?? Number.POSITIVE_INFINITY) - marginMs(life),
    ),
): Promise<AccountsProof> {
  const db = createDatabase({ url: databaseUrl })
  try {
    const truths = []
    for (const { uid, accountId } of tenants) {
      truths.push({ accountId, books: await simulator.exchange('books', uid) })
    }
    await untilRepaired(db)
    const deadline = Date.now() + ACCOUNTS_WITHIN_MS
    for (;;) {
      const proof = await compareAccounts(db, truths, { isUnheard })
      const wrong = proof.missing + proof.unexpected + proof.different
      if (wrong === 0 || Date.now() > deadline) return proof
      await wait(2000)
    }
  } finally {
    await db.destroy()
  }
}

/** Waits until no gap of an account is to be filled any more. */
async function untilRepaired(db: Kysely<GridDatabase>): Promise<void> {
  const deadline = Date.now() + REPAIRED_WITHIN_MS
  const open = db
    .selectFrom('capture_gaps')
    .select('channel')
    .where('account_id', 'is not', null)
    .where('channel', 'in', ['execution', 'order'])
    .where('state', '=', 'open')
  while ((await open.execute()).length > 0 && Date.now() < deadline) await wait(1000)
}
