import { existsSync } from 'node:fs'
import {
  createDatabase,
  inspectDatabase,
  OperatorRepository,
  PARTITIONED_TABLES,
  redactDatabaseUrl,
  SCHEMA_VERSION,
} from '@grid/db'
import { type RawBuilder, sql } from 'kysely'
import type { Config } from '../config/config.ts'
import { reasonOf } from '../log/reason.ts'
import { lackingRights } from '../storage/assert-may-write.ts'
import { embeddedFolder } from '../storage/data-folder.ts'
import { mendingOf } from '../storage/database-fault.ts'
import { examineAccounts } from './accounts.ts'
import { examineCollector } from './collector.ts'
import { examineConnections } from './connections.ts'
import { examineFailover } from './failover.ts'
import { type Finding, problem, well } from './finding.ts'
import { examineInstruments } from './instruments.ts'
import { folderProblem } from './machine.ts'
import { rehearse } from './rehearse.ts'

/** Checks that the database answers, is of the right version and environment, and may be written. */
export async function examineDatabase(config: Config): Promise<Finding[]> {
  const url = redactDatabaseUrl(config.databaseUrl)
  const folder = embeddedFolder(config)
  if (folder !== null && !existsSync(folder)) {
    const unusable = await folderProblem('DATABASE', folder)
    if (unusable !== null) return [unusable]
    return [well('DATABASE', `${url} does not exist yet and will be made at the first start`)]
  }
  const db = createDatabase({ url: config.databaseUrl, applicationName: 'event-saver doctor' })
  try {
    const inspection = await inspectDatabase(db)
    const { environment, schemaVersion, minWriter, pending, serverVersion, serverVersionNumber } =
      inspection
    const findings: Finding[] = []
    if (serverVersionNumber < 150_000) {
      findings.push(
        problem('DATABASE', `PostgreSQL ${serverVersion} is too old`, 'upgrade to 15 or newer'),
      )
    }
    if (inspection.encoding !== 'UTF8') {
      const detail = `${url} has the encoding ${inspection.encoding}, which cannot hold every text`
      const fix = "make one by create database … encoding 'UTF8' template template0"
      findings.push(problem('DATABASE', detail, fix))
    }
    if (environment !== null && environment !== config.environmentStamp) {
      const detail = `${url} holds ${environment}, this configuration captures ${config.environmentStamp}`
      findings.push(problem('DATABASE', detail, 'use another database: environments never mix'))
    }
    if (minWriter > SCHEMA_VERSION) {
      const detail = `only writers of schema ${minWriter} or newer may write, this one has ${SCHEMA_VERSION}`
      findings.push(problem('DATABASE', detail, 'upgrade event-saver'))
    }
    if (pending.length > 0 && config.migrate === 'check') {
      const detail = `migrations are pending: ${pending.join(', ')}`
      findings.push(problem('DATABASE', detail, 'run event-saver migrate'))
    }
    const { rows } = await sql<{
      has_schema: boolean
      may_create: boolean
      owner: string | null
      is_read_only: boolean
    }>`
      select current_schema() is not null as has_schema,
        has_schema_privilege(current_schema(), 'create') as may_create,
        -- The owner of a table of market data, if this role is not a member of it.
        (select relowner::regrole::text from pg_class
          where relnamespace = current_schema()::regnamespace
            and relname in (${textList(PARTITIONED_TABLES)}) and not pg_has_role(relowner, 'usage')
          limit 1) as owner,
        current_setting('transaction_read_only') = 'on' as is_read_only`.execute(db)
    const [rights] = rows
    if (rights?.has_schema === false) {
      const fix =
        'correct search_path in the URL or of this login, or make the schema that it names'
      findings.push(problem('DATABASE', 'search_path names no schema that exists', fix))
    } else if (typeof rights?.owner === 'string') {
      const detail =
        'this role does not own the tables: it cannot make the partitions of each day, without which no market data is stored'
      findings.push(problem('DATABASE', detail, `capture as ${rights.owner}, or as a member of it`))
    } else if (rights?.may_create !== true) {
      findings.push(
        problem(
          'DATABASE',
          'this role may not create tables',
          'grant create on the schema: partitions are made every day',
        ),
      )
    }
    const lacking = await lackingRights(db, config)
    if (lacking !== null) {
      const fix = 'grant it, or capture as a member of grid_writer'
      findings.push(problem('DATABASE', `this role lacks ${lacking}`, fix))
    }
    if (rights?.is_read_only === true) {
      const fix = 'name the primary server, or unset default_transaction_read_only'
      findings.push(problem('DATABASE', 'the server only lets this role read', fix))
    }
    if (pending.length === 0) {
      const hidden = await tenantsHidden(new OperatorRepository(db))
      findings.push(...(hidden === null ? await examineAccounts(db, config) : [hidden]))
    }
    if (folder === null) {
      findings.push(...(await examineConnections(db)), ...(await examineCollector(config)))
      findings.push(await examineFailover(db, config))
    }
    if (findings.some(({ ok }) => !ok)) return findings
    const migrations = pending.length === 0 ? '' : `, ${pending.length} migrations pending`
    const detail = `PostgreSQL ${serverVersion}, schema ${schemaVersion}${migrations}`
    if (pending.length === 0) findings.push(...(await examineInstruments(db, config.symbols)))
    return [well('DATABASE', detail), ...findings, await rehearse(db, config, inspection)]
  } catch (error) {
    if (isLocked(error)) return [well('DATABASE', `${url}: ${reasonOf(error)}, and not examined`)]
    const detail = `${url}: ${reasonOf(error)}`
    const mending = mendingOf(error)
    const fix = mending ?? 'set EVENTSAVER_DATABASE_URL to a database that answers'
    return [problem('DATABASE', detail, fix || 'correct EVENTSAVER_DATABASE_URL')]
  } finally {
    await db.destroy()
  }
}

/** A problem when row security hides accounts, because they would not be captured. */
async function tenantsHidden(operator: OperatorRepository): Promise<Finding | null> {
  try {
    await operator.listUsers({ limit: 1 })
    return null
  } catch (error) {
    const { code, context } = error as { code?: unknown; context?: { role?: unknown } }
    if (code !== 'TENANTS_HIDDEN') throw error
    const detail = 'row security hides the accounts from this role: none would be captured'
    return problem('DATABASE', detail, `grant grid_writer to ${context?.role}`)
  }
}

/** Whether another process has the embedded database open, which shows that it can be used. */
function isLocked(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'DATABASE_LOCKED'
}

/** SQL of a list of texts. */
function textList(texts: readonly string[]): RawBuilder<unknown> {
  return sql.join(texts.map((text) => sql.lit(text)))
}
