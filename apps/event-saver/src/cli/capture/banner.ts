import { publicUrl } from '@grid/bybit-adapter'
import { redactDatabaseUrl } from '@grid/db'
import type { Config } from '../../config/config.ts'

/** What is captured, from where and into which database: the first lines of the log. */
export function banner(config: Config): string[] {
  const lines = [
    `environment ${config.environmentStamp}, channels ${config.channels.join(', ')}`,
    ...config.symbols.map(
      ({ category, all, names }) =>
        `capturing ${category} from ${publicUrl(category, config.environment, config.wsUrl)}: ${all ? 'every trading instrument' : shortList(names)}`,
    ),
    `database ${redactDatabaseUrl(config.databaseUrl)}, data directory ${config.dataDir}`,
  ]
  if (config.databaseUrl.startsWith('pglite:')) {
    lines.push('the embedded database suits trials; for longer use set EVENTSAVER_DATABASE_URL')
  }
  return lines
}

function shortList(names: readonly string[]): string {
  const shown = names.slice(0, 10).join(', ')
  return names.length > 10 ? `${shown} and ${names.length - 10} more` : shown
}
