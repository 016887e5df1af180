import { checkDatabaseUrl, postgresConnection } from '@grid/db'
import type { ConfigFault } from './config-fault.ts'

/** The variables that the driver reads for what a URL leaves out, as the URL's parameters. */
const VARIABLES = [
  { variable: 'PGHOST', parameter: 'host', part: 'host' },
  { variable: 'PGPORT', parameter: 'port', part: 'port' },
  { variable: 'PGSSLMODE', parameter: 'sslmode', part: 'ssl' },
] as const

/**
 * The faults of variables of PostgreSQL that a connection to this URL would use. The driver takes a wrong
 * `PGSSLMODE` for no TLS, and looks for the host `a,b` for ever.
 */
export function pgVariableFaults(
  url: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): ConfigFault[] {
  if (!url?.startsWith('postgres')) return []
  const parts = postgresConnection(url)
  return VARIABLES.flatMap(({ variable, parameter, part }) => {
    const value = env[variable]
    if (value === undefined || value === '' || parts[part] !== undefined) return []
    try {
      checkDatabaseUrl(`postgres:///?${parameter}=${encodeURIComponent(value)}`)
      return []
    } catch (error) {
      const { message } = error as Error
      const problem = `is used for EVENTSAVER_DATABASE_URL, and the ${message}`
      return [{ where: variable, problem, fix: 'correct it, or say it in the URL' }]
    }
  })
}
