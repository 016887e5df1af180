import { redactDatabaseUrl } from '@grid/db'
import type { Config } from '../../config/config.ts'
import type { ConfigOrigin } from '../../config/load.ts'
import { SETTINGS, type SettingName } from '../../config/settings.ts'

/** The configuration without passwords, and with the ids of encryption keys instead of the keys. */
export function printableConfig(config: Config): Record<string, unknown> {
  const { databaseUrl, encryptionKeys } = config
  const ids = encryptionKeys?.ids.join(', ')
  return { ...config, databaseUrl: redactDatabaseUrl(databaseUrl), encryptionKeys: ids }
}

/** A line for each setting: variable, value, origin. */
export function configLines(
  config: Config,
  origins: Readonly<Record<SettingName, ConfigOrigin>>,
): string[] {
  const values = printableConfig(config)
  return (Object.keys(SETTINGS) as SettingName[]).map((name) => {
    const value = values[name]
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value ?? '')
    return `${SETTINGS[name].variable.padEnd(34)} ${text.padEnd(48)} ${origins[name]}`
  })
}
