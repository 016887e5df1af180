import { resolve } from 'node:path'
import type { Environment } from '@grid/bybit-adapter'
import type { SettingValues } from './settings.ts'
import type { WantedSymbols } from './wanted-symbols.ts'

/** The app's configuration: all settings, and the values that follow from several of them. */
export interface Config
  extends Omit<
    SettingValues,
    'symbols' | 'environment' | 'region' | 'testnet' | 'databaseUrl' | 'dataDir'
  > {
  /** What is captured of each category. */
  readonly symbols: readonly WantedSymbols[]
  /** With the region, if one is set: `mainnet:tr`. */
  readonly environment: Environment
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
  const { region: _, testnet: __, ...rest } = values
  const environment = environmentOf(values)
  const dataDir = resolve(cwd, values.dataDir)
  return {
    ...rest,
    symbols,
    environment,
    environmentStamp: stampOf(environment, values.wsUrl),
    dataDir,
    databaseUrl: values.databaseUrl ?? `pglite:${dataDir}/grid`,
  }
}

/**
 * The environment that the settings name; one that there is not when a region does not have it, which is
 * a fault of the configuration.
 */
export function environmentOf({
  environment,
  region,
  testnet,
}: Pick<SettingValues, 'environment' | 'region' | 'testnet'>): Environment {
  const network = environment ?? (testnet === true ? 'testnet' : 'mainnet')
  // Sound: whoever loads the settings refuses the environments that there are not.
  return region === undefined ? network : (`${network}:${region}` as Environment)
}

function stampOf(environment: Config['environment'], wsUrl: string | undefined): string {
  // Without the port: a server that restarts on another port is the same environment.
  return wsUrl === undefined ? environment : `custom:${new URL(wsUrl).hostname}`
}

/** A database URL whose folder, or whose files of certificates, do not depend on where a process runs. */
export function withAbsolutePaths(url: string, cwd: string): string {
  if (/^pglite:(?!:|\/|~|\$)(?!.*:\/\/)./i.test(url))
    return `pglite:${resolve(cwd, url.slice('pglite:'.length))}`
  return url.replace(
    /([?&]ssl(?:rootcert|cert|key)=)(?!%2F|\/)([^&#]+)/gi,
    (_, start: string, path: string) =>
      `${start}${cwd.split('/').map(encodeURIComponent).join('/')}/${path}`,
  )
}
