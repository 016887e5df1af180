import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endWithThisProcess } from '@grid/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDatabase } from '../../src/index.ts'
import { START_TIMEOUT_MS } from '../support/databases.ts'

describe('a PGlite directory', { timeout: START_TIMEOUT_MS }, () => {
  let home: string
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'grid-lock-'))
  })
  afterEach(() => rmSync(home, { recursive: true, force: true }))

  it('is opened once in a process, by any of its paths, and can be opened again after destroy', async () => {
    const directory = join(home, 'missing', 'parents', 'grid')
    const first = createDatabase({ url: `pglite:${directory}` })
    await sql`create table kept (n integer)`.execute(first)
    symlinkSync(directory, join(home, 'alias'))
    const second = createDatabase({ url: `pglite:${join(home, 'alias')}` })
    await expect(sql`select 1`.execute(second)).rejects.toMatchObject({
      code: 'DATABASE_LOCKED',
      retryable: true,
      message: expect.stringContaining('this process already'),
    })
    await first.destroy()
    // The refused Kysely connects by its next query.
    await sql`insert into kept values (1)`.execute(second)
    await second.destroy()
  })

  it('is refused while another process has it open, and can be opened once that was killed', async () => {
    const directory = join(home, 'grid')
    // What an old crash may leave behind: a pid that a living process has now.
    writeFileSync(`${directory}.lock`, '')
    writeFileSync(`${directory}.lock.pid`, String(process.pid))
    const script = `
      import { createDatabase } from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)}
      import { sql } from 'kysely'
      const db = createDatabase({ url: ${JSON.stringify(`pglite:${directory}`)} })
      await sql\`create table kept as select 7 as n\`.execute(db)
      process.stdout.write('open')
      setInterval(() => {}, 1000)`
    const child = spawn(
      process.execPath,
      ['--conditions=@grid/source', '--input-type=module-typescript', '-e', script],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    endWithThisProcess(child)
    await once(child.stdout, 'data')
    const db = createDatabase({ url: `pglite:${directory}` })
    await expect(sql`select 1`.execute(db)).rejects.toMatchObject({
      code: 'DATABASE_LOCKED',
      message: expect.stringContaining(`process ${child.pid}`),
      context: { pid: child.pid },
    })
    child.kill('SIGKILL')
    await once(child, 'exit')
    const { rows } = await sql<{ n: number }>`select n from kept`.execute(db)
    expect(rows).toEqual([{ n: 7 }])
    await db.destroy()
    expect(existsSync(`${directory}.lock.pid`)).toBe(false)
  })
})
