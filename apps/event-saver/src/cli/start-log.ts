import { createLogger, type Logger } from '../log/log.ts'
import { logWarnings } from '../log/warnings.ts'
import type { LoadedConfig } from './command.ts'

/**
 * Starts the log of a command, and warns of secrets that others can read, and of variables that look like
 * settings and are none.
 */
export async function startLog({
  config,
  exposures,
  unknownVariables,
}: Pick<LoadedConfig, 'config' | 'exposures' | 'unknownVariables'>): Promise<Logger> {
  const log = await createLogger(config.logLevel, { collector: config.collector })
  logWarnings(log)
  for (const { code, message } of exposures) log.warn({ code }, message)
  for (const variable of unknownVariables) {
    log.warn(
      { code: 'CONFIG_UNKNOWN_VARIABLE', variable },
      `${variable} is not a setting of this version and has no effect`,
    )
  }
  return log
}
