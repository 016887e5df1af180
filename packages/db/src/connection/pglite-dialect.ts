import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { PGliteDialect, type PGliteDialectConfig } from 'kysely'
import { DatabaseError } from '../errors.ts'
import { lockDirectory } from './directory-lock.ts'
import { loadPeer } from './load-peer.ts'
import { makePrivate } from './make-private.ts'
import { notOpened } from './not-opened.ts'
import { SessionForms, type SessionState, sessionSql } from './session-forms.ts'

type PGliteInstance = Exclude<PGliteDialectConfig['pglite'], (...args: never[]) => unknown>

/** PostgreSQL's type number of `bigint`. */
const BIGINT_OID = 20

/** How to open an embedded database. */
export interface PGliteOptions {
  /** Null for a database in memory. */
  readonly directory: string | null
  readonly readOnly: boolean
}

/** Makes Kysely's PGlite dialect, which opens on first use: in memory, or in a directory that it locks. */
export function createPGliteDialect({ directory, readOnly }: PGliteOptions): PGliteDialect {
  return new PGliteDialect({
    async pglite() {
      if (directory === null) return open(readOnly)
      if (readOnly) await assertExists(directory)
      return openLocked(directory, readOnly)
    },
  })
}

/** Throws `DATABASE_MISSING`, or `DATABASE_LOCKED` while another process may be making the database. */
async function assertExists(directory: string): Promise<void> {
  if (existsSync(join(directory, 'PG_VERSION'))) return
  if (existsSync(directory)) {
    const lock = await lockDirectory(directory)
    await lock.release()
  }
  throw new DatabaseError('DATABASE_MISSING', `there is no database in ${directory}`, {
    context: { directory },
  })
}

async function open(readOnly: boolean, dataDir?: string): Promise<PGliteInstance> {
  const { PGlite } = await loadPeer('@electric-sql/pglite', () => import('@electric-sql/pglite'))
  const pglite = new PGlite({
    ...(dataDir === undefined ? {} : { dataDir }),
    // As text, like pg, which loses no digit.
    parsers: { [BIGINT_OID]: (text) => text },
  })
  await pglite.waitReady
  // PGlite has one session, so this and the next hold for every query.
  for (const statement of await formsSql(pglite)) await pglite.query(statement)
  if (readOnly) await pglite.query('set default_transaction_read_only = on')
  return pglite
}

/** SQL statements that give the session its forms. */
async function formsSql(pglite: PGliteInstance): Promise<readonly string[]> {
  const { rows } = await pglite.query<{ state: string }>(sessionSql([]))
  const forms = new SessionForms()
  forms.learn(JSON.parse(rows[0]?.state ?? '') as SessionState)
  return forms.sql('session')
}

async function openLocked(path: string, readOnly: boolean): Promise<PGliteInstance> {
  const lock = await lockDirectory(path)
  try {
    // Before, so that nobody can read what is unpacked; after, because of the modes that it gets.
    await makePrivate(lock.directory)
    const pglite = await open(readOnly, lock.directory)
    await makePrivate(lock.directory)
    const close = pglite.close.bind(pglite)
    return Object.assign(pglite, {
      close: () => close().finally(() => lock.release()),
    })
  } catch (error) {
    await lock.release()
    throw notOpened(lock.directory, error)
  }
}
