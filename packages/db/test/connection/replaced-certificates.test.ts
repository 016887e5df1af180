import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { freePort } from '@grid/testing'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { createDatabase } from '../../src/index.ts'

it.each([
  ['gone', (path: string) => rmSync(path)],
  ['empty', (path: string) => writeFileSync(path, '')],
])(
  'a certificate that is %s for a while keeps nobody from connecting again',
  { timeout: 60_000 },
  async (_, spoil) => {
    const folder = mkdtempSync(join(tmpdir(), 'grid-certificates-'))
    const path = join(folder, 'ca.pem')
    writeFileSync(path, rootCertificates[0] ?? '')
    const url = `postgres://me@127.0.0.1:${await freePort()}/db?sslmode=verify-full&sslrootcert=${path}`
    const db = createDatabase({ url, poolSize: 1 })
    try {
      // The first connects; the others wait for it to fail, and the pool then connects for them by itself.
      const asked = Array.from({ length: 3 }, () =>
        sql`select 1`.execute(db).catch((error: unknown) => (error as { code?: unknown }).code),
      )
      setImmediate(() => spoil(path))
      expect(await Promise.all(asked)).toEqual(['ECONNREFUSED', 'ECONNREFUSED', 'ECONNREFUSED'])
    } finally {
      await db.destroy()
      rmSync(folder, { recursive: true })
    }
  },
)
