import { createDatabase, inspectDatabase, redactDatabaseUrl } from '@grid/db'
import { sql } from 'kysely'
import type { Config } from '../config/config.ts'
import { reasonOf } from '../database.ts'
import { type Finding, problem, well } from './finding.ts'

/** Whether the database answers, is of the right version and environment, and may be written. */
export async function examineDatabase(config: Config): Promise<Finding[]> {
  const url = redactDatabaseUrl(config.databaseUrl)
  const db = createDatabase({ url: config.databaseUrl, applicationName: 'event-saver doctor' })
  try {
    const { environment, schemaVersion, pending, serverVersion, serverVersionNumber } =
      await inspectDatabase(db)
    const findings: Finding[] = []
    if (serverVersionNumber < 150_000) {
      findings.push(
        problem('DATABASE', `PostgreSQL ${serverVersion} is too old`, 'upgrade to 15 or newer'),
      )
    }
    if (environment !== null && environment !== config.environmentStamp) {
      const detail = `${url} holds ${environment}, this configuration captures ${config.environmentStamp}`
      findings.push(problem('DATABASE', detail, 'use another database: environments never mix'))
    }
    const { rows } = await sql<{ may_create: boolean; is_standby: boolean }>`
      select has_schema_privilege(current_schema(), 'create') as may_create,
        pg_is_in_recovery() as is_standby`.execute(db)
    const [rights] = rows
    if (rights?.may_create !== true) {
      findings.push(
        problem(
          'DATABASE',
          'this role may not create tables',
          'grant create on the schema: partitions are made every day',
        ),
      )
    }
    if (rights?.is_standby === true) {
      findings.push(problem('DATABASE', 'the server is a standby', 'name the primary server'))
    }
    if (findings.length > 0) return findings
    const migrations = pending.length === 0 ? '' : `, ${pending.length} migrations pending`
    return [well('DATABASE', `PostgreSQL ${serverVersion}, schema ${schemaVersion}${migrations}`)]
  } catch (error) {
    const detail = `${url}: ${reasonOf(error)}`
    return [problem('DATABASE', detail, 'set EVENTSAVER_DATABASE_URL to a database that answers')]
  } finally {
    await db.destroy()
  }
}
