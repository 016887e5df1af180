import { checkDatabaseUrl, postgresConnection, redactDatabaseUrl } from '@grid/db'
import type { ConfigFault } from './config-fault.ts'

/** The variables that the driver reads for what a URL leaves out, as the URL's parameters. */
const VARIABLES = [
  { variable: 'PGHOST', parameter: 'host', part: 'host' },
  { variable: 'PGPORT', parameter: 'port', part: 'port' },
  { variable: 'PGUSER', parameter: 'user', part: 'user' },
  { variable: 'PGDATABASE', parameter: 'database', part: 'database' },
  { variable: 'PGPASSWORD', parameter: 'password', part: 'password' },
  { variable: 'PGOPTIONS', parameter: 'options', part: 'options' },
  { variable: 'PGSSLMODE', parameter: 'sslmode', part: 'ssl' },
  { variable: 'PGSSLNEGOTIATION', parameter: 'sslnegotiation', part: 'sslnegotiation' },
] as const

/** Variables of libpq that name a server, and that the driver does not know: it would look for one on this machine. */
const UNREAD = ['PGSERVICE', 'PGHOSTADDR'] as const

/**
 * The faults of variables of PostgreSQL that a connection to this URL would use. The driver takes a wrong
 * `PGSSLMODE` for no TLS, looks for the host `a,b` for ever, and a server says of a line break behind a name
 * only that there is no such name.
 */
export function pgVariableFaults(
  url: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): ConfigFault[] {
  if (!url?.startsWith('postgres')) return []
  const parts = postgresConnection(url)
  const ssl = parts.ssl ?? env['PGSSLMODE'] ?? ''
  const isHere = !Object.hasOwn(parts, 'host') && !env['PGHOST']
  const unread = UNREAD.filter((variable) => isHere && env[variable]).map((variable) => ({
    where: variable,
    problem: 'is not read, so that EVENTSAVER_DATABASE_URL means a server of this machine',
    fix: 'name the host in the URL, or with PGHOST',
  }))
  const hasTls = ssl !== false && ssl !== '' && ssl !== 'disable'
  const wrong = VARIABLES.flatMap(({ variable, parameter, part }): ConfigFault[] => {
    const value = env[variable]
    if (value === undefined || value === '' || Object.hasOwn(parts, part)) return []
    const fix = 'correct it, or say it in the URL'
    const mayHaveBlanks = variable === 'PGPASSWORD' || variable === 'PGOPTIONS'
    if (/\p{Cc}/u.test(value) || (!mayHaveBlanks && value !== value.trim())) {
      const problem = 'is used for EVENTSAVER_DATABASE_URL, and has a line break or blank too many'
      return [{ where: variable, problem, fix }]
    }
    if (parameter === 'database') return []
    try {
      const mode = parameter === 'sslnegotiation' && !hasTls ? '&sslmode=disable' : ''
      checkDatabaseUrl(`postgres:///?${parameter}=${encodeURIComponent(value)}${mode}`)
      return []
    } catch (error) {
      const { message } = error as Error
      const problem = `is used for EVENTSAVER_DATABASE_URL, and the ${message}`
      return [{ where: variable, problem, fix }]
    }
  })
  return [...unread, ...wrong]
}

/** What decides which database is meant. */
const NAMING: ReadonlySet<string> = new Set(['host', 'port', 'user', 'database', 'options'])

/**
 * The name of a database without secrets, for the comparison with another: the URL, and the variables of PostgreSQL
 * that say what it leaves out.
 *
 * @example
 * databaseName('postgres:///grid', { PGHOST: 'db1' }) // 'postgres:///grid PGHOST=db1'
 */
export function databaseName(
  url: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const parts = url.startsWith('postgres') ? postgresConnection(url) : null
  const used = VARIABLES.flatMap(({ variable, part }) => {
    const isUsed = parts !== null && NAMING.has(part) && !Object.hasOwn(parts, part)
    return isUsed && env[variable] ? [`${variable}=${env[variable]}`] : []
  })
  return [redactDatabaseUrl(url), ...used].join(' ')
}
