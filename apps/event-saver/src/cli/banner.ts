import { publicUrl } from '@grid/bybit-adapter'
import { redactDatabaseUrl } from '@grid/db'
import type { Config } from '../config/config.ts'

/** What is captured from where and into what, said before anything else. */
export function banner(config: Config): string[] {
  const lines = [
    `environment ${config.environmentStamp}, ${publicUrl(config.category, config.environment, config.wsUrl)}`,
    `capturing ${config.channels.join(', ')} of ${config.symbols.join(', ')} (${config.category})`,
    `database ${redactDatabaseUrl(config.databaseUrl)}, data directory ${config.dataDir}`,
  ]
  if (config.databaseUrl.startsWith('pglite:')) {
    lines.push('the embedded database suits trials; for longer use set EVENTSAVER_DATABASE_URL')
  }
  return lines
}
