import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, expect, it } from 'vitest'
import { createDatabase } from '../../src/index.ts'
import { START_TIMEOUT_MS } from '../support/databases.ts'

const home = mkdtempSync(join(tmpdir(), 'grid-full-'))
const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=10m', 'tmpfs', home]).status === 0
if (!isMounted) process.stderr.write('skipped: this user may not mount a small disk\n')
afterAll(() => {
  if (isMounted) spawnSync('umount', ['-l', home])
  rmdirSync(home)
})

it.skipIf(!isMounted)(
  'a disk too small for a new database is no fault of its directory, and is named',
  { timeout: START_TIMEOUT_MS },
  async () => {
    const db = createDatabase({ url: `pglite:${join(home, 'grid')}` })
    await expect(sql`select 1`.execute(db)).rejects.toMatchObject({
      code: 'ENOSPC',
      message: expect.stringContaining('(ENOSPC)'),
    })
    await db.destroy()
  },
)
