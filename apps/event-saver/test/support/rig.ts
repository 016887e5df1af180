import { setTimeout as wait } from 'node:timers/promises'
import type { Simulator } from '@grid/bybit-sim'
import { createDatabase, type GridDatabase } from '@grid/db'
import { compareWithTruth, type Proof } from '@grid/proof'
import { createTestDatabase, type TestDatabaseOptions } from '@grid/testing'
import type { Kysely } from 'kysely'
import { pino } from 'pino'
import { inject } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import { loadConfig } from '../../src/config/load.ts'
import { Saver, type SaverOptions } from '../../src/saver.ts'
import { ownFolder } from './own-folder.ts'

/** A saver for a test, with its log kept as lines. */
export interface TestSaver {
  readonly saver: Saver
  readonly log: readonly { readonly code?: string; readonly level: number; readonly msg: string }[]
}

/** The configuration of a saver that captures a simulator; `env` adds settings. */
export function loadTestConfig(
  wsUrl: string,
  databaseUrl: string,
  env: Readonly<Record<string, string>> = {},
): Config {
  const result = loadConfig({
    flags: {},
    env: {
      EVENTSAVER_WS_URL: wsUrl,
      EVENTSAVER_DATABASE_URL: databaseUrl,
      EVENTSAVER_HTTP_ADDRESS: '127.0.0.1:0',
      EVENTSAVER_SYMBOLS: 'BTCUSDT,ETHUSDT,SOLUSDT,XRPUSDT',
      EVENTSAVER_FLUSH_INTERVAL: '100ms',
      EVENTSAVER_DATA_DIR: env['EVENTSAVER_DATA_DIR'] ?? ownFolder(),
      ...env,
    },
    cwd: process.cwd(),
  })
  if (!result.ok) throw new Error(JSON.stringify(result.faults))
  return result.config
}

/** Makes a saver that captures a simulator; `env` adds settings. */
export function makeSaver(
  wsUrl: string,
  databaseUrl: string,
  env: Readonly<Record<string, string>> = {},
  options: Partial<SaverOptions> = {},
): TestSaver {
  const config = loadTestConfig(wsUrl, databaseUrl, env)
  const log: TestSaver['log'][number][] = []
  const logger = pino({ level: 'debug' }, { write: (line) => log.push(JSON.parse(line)) })
  return { saver: new Saver({ config, log: logger, ...options }), log }
}

/** A new PostgreSQL database that is dropped at the end of the scope. */
export async function ownDatabase(options?: TestDatabaseOptions): Promise<{
  url: string
  db: Kysely<GridDatabase>
  [Symbol.asyncDispose](): Promise<void>
}> {
  const { url, drop } = await createTestDatabase(inject('postgresUrl'), options)
  const db = createDatabase({ url })
  return {
    url,
    db,
    async [Symbol.asyncDispose]() {
      await db.destroy()
      await drop()
    },
  }
}

/** Waits until no more items arrive at any of the savers. */
export async function quiet(...savers: readonly Saver[]): Promise<void> {
  for (let before = -1, same = 0; same < 3; await wait(100)) {
    const entries = savers.flatMap((saver) => saver.pipeline.sample())
    const now = entries.reduce((sum, entry) => sum + entry.received, 0)
    same = now === before ? same + 1 : 0
    before = now
  }
}

/** Compares a database with everything that a simulator produced and sent. */
export function prove(db: Kysely<GridDatabase>, sim: Simulator): Promise<Proof> {
  const { trades, tickers, books } = sim.truth()
  return compareWithTruth(db, [...trades, ...tickers, ...books])
}

/** The channels whose counts do not add up. */
export function imbalances(saver: Saver): unknown[] {
  return saver.pipeline.sample().filter((entry) => entry.imbalance !== 0)
}
