import { resolve } from 'node:path'
import type { SettingValues } from './settings.ts'
import type { WantedSymbols } from './wanted-symbols.ts'

/** The app's configuration: all settings, and the values that follow from several of them. */
export interface Config
  extends Omit<SettingValues, 'symbols' | 'environment' | 'testnet' | 'databaseUrl' | 'dataDir'> {
  /** What is captured of each category. */
  readonly symbols: readonly WantedSymbols[]
  readonly environment: 'mainnet' | 'testnet' | 'demo'
  /** The environment that the database is stamped with: the exchange's, or `custom:<host>` with `wsUrl`. */
  readonly environmentStamp: string
  readonly databaseUrl: string
  /** Absolute path. */
  readonly dataDir: string
}

/** Adds the values that follow from several settings. Relative paths start at `cwd`. */
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
  // Without the port: a server that restarts on another port is the same environment.
  return wsUrl === undefined ? environment : `custom:${new URL(wsUrl).hostname}`
}

function absoluteDatabaseUrl(url: string, cwd: string): string {
  if (!url.startsWith('pglite:') || url === 'pglite::memory:') return url
  return `pglite:${resolve(cwd, url.slice('pglite:'.length))}`
}
