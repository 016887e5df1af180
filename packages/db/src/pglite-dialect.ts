import { PGliteDialect, type PGliteDialectConfig } from 'kysely'
import { lockDirectory } from './directory-lock.ts'
import { loadPeer } from './load-peer.ts'

type PGliteInstance = Exclude<PGliteDialectConfig['pglite'], (...args: never[]) => unknown>

/** PostgreSQL's type number of `bigint`. */
const BIGINT_OID = 20

/** Kysely's PGlite dialect, opened on first use: in memory, or in a directory that it locks. */
export function createPGliteDialect(directory: string | null): PGliteDialect {
  return new PGliteDialect({
    pglite: () => (directory === null ? open() : openLocked(directory)),
  })
}

async function open(dataDir?: string): Promise<PGliteInstance> {
  const { PGlite } = await loadPeer('@electric-sql/pglite', () => import('@electric-sql/pglite'))
  const pglite = new PGlite({
    ...(dataDir === undefined ? {} : { dataDir }),
    // As pg does: text, which loses no digit.
    parsers: { [BIGINT_OID]: (text) => text },
  })
  await pglite.waitReady
  return pglite
}

async function openLocked(path: string): Promise<PGliteInstance> {
  const lock = await lockDirectory(path)
  try {
    const pglite = await open(lock.directory)
    const close = pglite.close.bind(pglite)
    return Object.assign(pglite, {
      close: () => close().finally(() => lock.release()),
    })
  } catch (error) {
    await lock.release()
    throw error
  }
}
