import { resolve } from 'node:path'
import type { SettingValues } from './settings.ts'
import type { WantedSymbols } from './wanted-symbols.ts'

/** What the app runs by: all settings, with those that depend on others worked out. */
export interface Config
  extends Omit<SettingValues, 'symbols' | 'environment' | 'testnet' | 'databaseUrl' | 'dataDir'> {
  /** What is captured of each category. */
  readonly symbols: readonly WantedSymbols[]
  readonly environment: 'mainnet' | 'testnet' | 'demo'
  /** What the database is stamped with: the environment, or the host that stands in for it. */
  readonly environmentStamp: string
  readonly databaseUrl: string
  /** Absolute path. */
  readonly dataDir: string
}

/** Works out the settings that depend on others; relative paths start at `cwd`. */
export function completeConfig(
  values: SettingValues,
  symbols: readonly WantedSymbols[],
  cwd: string,
): Config {
  const { testnet, ...rest } = values
  const environment = values.environment ?? (testnet === true ? 'testnet' : 'mainnet')
  const dataDir = resolve(cwd, values.dataDir)
  return {
    ...rest,
    symbols,
    environment,
    environmentStamp: stampOf(environment, values.wsUrl),
    dataDir,
    databaseUrl: absoluteDatabaseUrl(values.databaseUrl ?? `pglite:${dataDir}/grid`, cwd),
  }
}

function stampOf(environment: Config['environment'], wsUrl: string | undefined): string {
  // The port is left out: a server that restarts on another port is the same environment.
  return wsUrl === undefined ? environment : `custom:${new URL(wsUrl).hostname}`
}

function absoluteDatabaseUrl(url: string, cwd: string): string {
  if (!url.startsWith('pglite:') || url === 'pglite::memory:') return url
  return `pglite:${resolve(cwd, url.slice('pglite:'.length))}`
}
